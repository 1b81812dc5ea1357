package ingest

import "psyncope/ingest/artifact"

// Kinds of file that no format reads.
const (
	KindOther      = "other"      // nothing that this program reads: its bytes are counted, no line of it is
	KindUnreadable = "unreadable" // could not be opened; Problems says why
)

// HeadBytes is how much of a file is looked at to tell what it is and whose.
const HeadBytes = 64 << 10

// formats is the only list of artifact kinds. Of those that are equally sure the first takes a file.
func formats() []artifact.Format {
	return nil
}

// formatOf is the format that is surest of a file with this name and these first bytes.
func formatOf(fs []artifact.Format, name string, head []byte) (artifact.Format, bool) {
	best, sure := artifact.Format{}, 0
	for _, f := range fs {
		if s := f.Sniff(name, head); s > sure {
			best, sure = f, s
		}
	}
	return best, sure > 0
}
