package correlate

import (
	"fmt"
	"strings"
)

func ExampleExplain() {
	text, _ := Explain("backlog-overflow")
	fmt.Println(strings.SplitN(text, "\n", 2)[0])
	// Output: link-lost leads to partial-refused on the same link, when the replica's offset had left the backlog, or its id was unknown
}
