package ingest

import (
	"context"

	"psyncope/ingest/table"
)

// leftOver accounts for the files of families that no format claims.
// They are let go of: there may be a million.
func (e *engine) leftOver(ctx context.Context, fams []*family) *result {
	n := 0
	for _, f := range fams {
		if f.kind == "" {
			n += len(f.files)
		}
	}
	r := &reading{result: &result{unclaimed: make([]table.Unclaimed, 0, n)}, buf: make([]byte, HeadBytes)}
	for i, f := range fams {
		fams[i] = nil
		if f.kind != "" {
			continue
		}
		for _, x := range f.files {
			if !x.src.whole || x.kind != notArtifact {
				e.file(ctx, f, x, r)
				continue
			}
			// There is no more to see than was looked at.
			r.unclaimed = append(r.unclaimed, table.Unclaimed{Path: x.src.evidence(), Bytes: x.src.Size, ModTime: x.src.ModTime})
			e.read.Add(x.src.Size)
			e.tell(1)
		}
	}
	return r.result
}
