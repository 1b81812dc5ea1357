// Command psyncope-beam is `psyncope analyze` on Apache Beam: for fleets of tens of thousands of groups, and for dumps that lie in object storage.
//
//	go run . -input /var/dumps -output ./out
//	go run . -input gs://bucket/dumps -output gs://bucket/out -runner flink -endpoint localhost:8099
//
// It runs on Beam's own Prism, in this process, unless a runner is named. It says what analyze says, byte for byte: the steps are those of
// package ingest, and a case is analysed by package correlate. It refuses to know anything about evidence itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"psyncope/report"
)

// The conventions of psyncope: 0 done, 2 wrong usage, 3 nothing done.
const (
	exitUsage   = 2
	exitNothing = 3
)

// options are what is asked for.
type options struct {
	Input   []string
	Output  string
	Formats []string
	Shards  int
	Tables  bool
	Trouble trouble
}

// trouble is what tests ask for.
type trouble struct {
	// Retry makes each step with an effect outside the pipeline happen twice, the first time broken off: as a runner does whose worker dies.
	Retry bool
	// Poison makes the analysis break over units whose first file has this in its path.
	Poison string
}

func main() {
	flag.CommandLine.Init("psyncope-beam", flag.ContinueOnError)
	flag.CommandLine.SetOutput(io.Discard)
	var o options
	var input, formats string
	flag.StringVar(&input, "input", "", "")
	flag.StringVar(&o.Output, "output", "", "")
	flag.StringVar(&formats, "format", "json", "")
	flag.IntVar(&o.Shards, "shards", 1, "")
	flag.BoolVar(&o.Tables, "tables", true, "")
	if err := flag.CommandLine.Parse(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Print(usage)
			return
		}
		fail(exitUsage, err)
	}
	registerAll()
	beam.Init() // in a worker's process it works, and does not return
	o.Input, o.Formats = append(splitList(input), flag.Args()...), splitList(formats)
	if err := o.check(); err != nil {
		fail(exitUsage, err)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Prism tells its own life there; what is wrong comes back as the run's error
	result, err := beamx.RunWithMetrics(context.Background(), newPipeline(o))
	if err != nil {
		fail(exitNothing, errors.New(reason(err)))
	}
	fmt.Print(summary(result))
}

const usage = `psyncope-beam: psyncope analyze on Apache Beam

  psyncope-beam -input ROOT[,ROOT…] -output DIR [flags of Beam]

  -input    directories, archives or files, here or where Beam has a file system: gs://…, s3://…
  -output   a directory, here or there: report.json, groups/KEY.json, tables/TABLE/day=…/group=…/
  -format   of the whole report: json, text, html, md, plan, xlsx (default json); several with commas
  -shards   write the whole in so many reports, which "psyncope report" joins (default 1)
  -tables   write the evidence and the findings as Parquet by day and group (default true)

The runner is Prism, in this process. Others by Beam's own flags: -runner flink -endpoint HOST:8099
-environment_type …, -runner dataflow -project … -region … -staging_location …; see the README.

Exit codes: 0 done, 2 wrong usage, 3 the pipeline failed.
`

// fail ends the program with what is wrong.
func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "psyncope-beam:", err)
	if code == exitUsage {
		fmt.Fprintln(os.Stderr, "More: psyncope-beam -help")
	}
	os.Exit(code)
}

// reason is what Beam's error says at its end, behind the description of the whole stage.
func reason(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	kept := lines[max(len(lines)-3, 0):]
	for i, l := range kept {
		kept[i] = strings.TrimSpace(l[:min(len(l), 500)])
	}
	return "the pipeline failed: " + strings.Join(kept, "; ")
}

func splitList(s string) []string {
	var out []string
	for _, w := range strings.Split(s, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// check finds mistakes before anything runs.
func (o *options) check() error {
	switch {
	case len(o.Input) == 0:
		return errors.New("-input is missing: a directory, an archive or a bucket's prefix with the artifacts")
	case o.Output == "":
		return errors.New("-output is missing: a directory or a bucket's prefix to write to")
	case o.Shards < 1 || o.Shards > 1<<20:
		return fmt.Errorf("-shards %d is no number of reports", o.Shards)
	}
	for _, name := range o.Formats {
		if f, ok := report.ByName(name); !ok || f.Dir() {
			return fmt.Errorf("-format %s is unknown, or no file; tables are written by -tables", name)
		}
	}
	if o.Shards > 1 && (len(o.Formats) != 1 || o.Formats[0] != "json") {
		return errors.New("-shards makes JSON reports for psyncope report to join: give no other -format")
	}
	return nil
}

// summary is the line of a run, from the pipeline's counters.
func summary(result beam.PipelineResult) string {
	count := map[string]int64{}
	for _, c := range result.Metrics().AllMetrics().Counters() {
		count[c.Name()] += c.Result()
	}
	return fmt.Sprintf("%d incidents in %d units of %d artifacts, %d bytes; %d problems; sent between workers: %d bytes of what files say, %d of findings\n",
		count["incidents"], count["units"], count["artifacts"], count["artifact_bytes"], count["problems"], count["sent_bytes"], count["finding_bytes"])
}
