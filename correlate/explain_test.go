package correlate

import (
	"fmt"
	"strings"
)

func ExampleExplain() {
	text, _ := Explain("backlog-overflow")
	fmt.Println(strings.SplitN(text, "\n", 2)[0])
	// Output: refusal kind: the offset asked for is older than the oldest byte in the backlog. needed_bytes is the primary's offset less the requested one plus one; short_by_bytes is that less the backlog.
}
