package correlate

import (
	"flag"
	"os"
	"testing"
)

// The properties are drawn with a fixed seed, so that a change is judged by what it changes; RANDOM=1 draws others,
// to look for what no seed has shown yet.
func TestMain(m *testing.M) {
	flag.Parse()
	set := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if os.Getenv("RANDOM") == "" && !set["rapid.seed"] {
		if err := flag.Set("rapid.seed", "20261122"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
