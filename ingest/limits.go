package ingest

import (
	"os"
	"time"
)

// Limits bound what hostile or careless input may cost. A zero field stands for its default.
// Whatever hits a limit is a Problem; what was read before it stays.
type Limits struct {
	// Ratio is how many times its stored size a compressed file or member may grow to, once it is
	// past RatioFrom bytes. Default 500: dumps of INFO, the most repetitive input there is, were seen to
	// reach 56 with gzip and 111 with xz; a bomb begins at 1000.
	Ratio int64
	// RatioFrom is the expanded size in bytes from which Ratio counts. Default 1 GiB.
	RatioFrom int64
	// MemberBytes is the most that one compressed file or archive member may expand to. Default 1 TiB.
	MemberBytes int64
	// DecoderMemory is the most bytes a decoder may ask for as its window. Default 256 MiB
	// (zstd --long=27 needs 128).
	DecoderMemory uint64
	// Depth is how many archives may lie inside one another, and how many compressions around one
	// another. Default 4.
	Depth int
	// Members is the most files taken, those of all archives counted. Default 4 million.
	Members int
	// LineBytes is the longest line that a file may have. Default 512 MiB: whole exports stand on one line, and those that are taken apart have
	// as much at most (maxTangled). It is looked at as the file is read, a block of up to 256 KiB at a time.
	LineBytes int64
	// FileTime is how long the reading of one file may take. Default 15 minutes: of xz, the slowest that is read, that is some
	// 40 GB of text (measured: 46 MB in 1 s).
	FileTime time.Duration
	// Memory is how much the process may have on its heap. As it comes near, no more groups are begun before those in hand are done; a file
	// whose reading would go beyond is read up to there. Default 16 GiB: a fleet of 2.9 GB takes a hundredth of that.
	Memory int64
	// KeepBytes is how much of archives that cannot be read twice is kept in memory; the rest
	// goes to one temporary file. Default 64 MiB. A member above an eighth of it is never kept.
	KeepBytes int64
	// SpillBytes is the most that goes to the temporary file. Default 512 GiB.
	SpillBytes int64
	// TempDir is where that file is made; it has no name from the moment it is open
	// where the system allows it. Default [os.TempDir].
	TempDir string
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int64
		value int64
	}{
		{&l.Ratio, 500},
		{&l.RatioFrom, 1 << 30},
		{&l.MemberBytes, 1 << 40},
		{&l.KeepBytes, 64 << 20},
		{&l.SpillBytes, 512 << 30},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if l.DecoderMemory == 0 {
		l.DecoderMemory = 256 << 20
	}
	if l.Depth == 0 {
		l.Depth = 4
	}
	if l.Members == 0 {
		l.Members = 4_000_000
	}
	if l.LineBytes == 0 {
		l.LineBytes = maxTangled
	}
	if l.FileTime == 0 {
		l.FileTime = 15 * time.Minute
	}
	if l.Memory == 0 {
		l.Memory = 16 << 30
	}
	if l.TempDir == "" {
		l.TempDir = os.TempDir()
	}
	return l
}
