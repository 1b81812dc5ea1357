package main

import (
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"psyncope/ingest"
	"psyncope/ingest/table"
)

// limits are the flags that bound what one input may cost. Their defaults are ingest's.
type limits struct {
	fileSize, line, memory string
	ratio                  int64
	depth, files           int
	fileTime               time.Duration
}

func (l *limits) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.fileSize, "max-file-size", "1tb", "the most `BYTES` that a compressed file or a member of an archive may expand to")
	f.Int64Var(&l.ratio, "max-ratio", 500, "how many times its size it may expand to, from 1 GiB on")
	f.IntVar(&l.depth, "max-depth", 4, "how many archives may lie inside one another, and compressions around one another")
	f.IntVar(&l.files, "max-files", 4_000_000, "the most files, members of archives counted")
	f.StringVar(&l.line, "max-line", "512mb", "the longest line, in `BYTES`")
	f.DurationVar(&l.fileTime, "max-file-time", 15*time.Minute, "how long the reading of one file may take")
	f.StringVar(&l.memory, "max-memory", "16gb", "how many `BYTES` of memory to use: near it, groups are read one after another, and a file that needs more is read in part")
}

// limits turns the flags into those of the reading, and holds the process to the memory.
func (l *limits) limits(cmd *cobra.Command) (ingest.Limits, error) {
	out := ingest.Limits{Ratio: l.ratio, Depth: l.depth, Members: l.files, FileTime: l.fileTime}
	for _, s := range []struct {
		flag, value string
		to          *int64
	}{{"max-file-size", l.fileSize, &out.MemberBytes}, {"max-line", l.line, &out.LineBytes}, {"max-memory", l.memory, &out.Memory}} {
		n, ok := sizeOf(s.value)
		if !ok {
			return out, usagef("--%s %s is no size: write 512mb", s.flag, s.value)
		}
		*s.to = n
	}
	if l.ratio < 1 || l.depth < 1 || l.files < 1 || l.fileTime <= 0 {
		return out, usagef("--max-ratio, --max-depth, --max-files and --max-file-time are above zero")
	}
	if cmd.Flags().Changed("max-memory") && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(out.Memory / 10 * 9)
	}
	return out, nil
}

// sizeOf reads a size as servers do, and terabytes.
func sizeOf(s string) (int64, bool) {
	if n := len(s) - 2; n > 0 && (s[n:] == "tb" || s[n:] == "TB") {
		v, ok := table.ParseSize(s[:n] + "gb")
		return v * 1024, ok && v > 0 && v < 1<<50
	}
	v, ok := table.ParseSize(s)
	return v, ok && v > 0
}
