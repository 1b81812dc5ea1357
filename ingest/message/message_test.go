package message

import "fmt"

// A catalogue is shared; a Match is one's own and is used again.
func ExampleCatalogue_Match() {
	var m Match
	for _, msg := range []string{
		"Unable to partial resync with replica 10.0.0.2:6379 for lack of backlog (Replica request was: 4711).",
		"+switch-master orders 10.0.0.1 6379 10.0.0.2 6379",
		"Hello from a module",
	} {
		Default().Match([]byte(msg), &m)
		fmt.Println(m.Kind, string(m.Peer), string(m.Detail), m.Offset.Or(-1))
	}
	// Output:
	// psync-refused-backlog 10.0.0.2:6379  4711
	// sentinel-switch-primary 10.0.0.2:6379 orders 10.0.0.1:6379 10.0.0.2:6379 -1
	// other   -1
}
