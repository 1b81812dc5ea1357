package cause

import (
	"fmt"

	"psyncope/correlate/diagnosis"
)

func allAtOnce(s *scene) Finding {
	switch {
	case s.First == nil:
		return Finding{at: unknown}
	case s.All:
		return found(unknown, fmt.Sprintf("all %d replicas lost their link within %s", len(s.Wave), diagnosis.Length(s.Last-s.Lost)))
	case len(s.G.AttachedAt(s.Primary, s.Lost)) > len(s.Wave):
		return denied(fmt.Sprintf("only %d of %d replicas lost its link", len(s.Wave), len(s.G.AttachedAt(s.Primary, s.Lost))))
	}
	return Finding{at: unknown, need: "the logs of the other replicas"}
}
