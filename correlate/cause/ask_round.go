package cause

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// lostByItsOwn: a replica that stands still is lost from both sides: by its primary, and by those that follow it.
func lostByItsOwn(s *scene) Finding {
	if s.suspect == s.Primary || !s.suspect.AnySample(func(x *timeline.Sample) bool { return x.ConnectedReplicas.Or(0) > 0 }) {
		return Finding{at: unknown}
	}
	for _, o := range s.Wave {
		if o.Server == s.suspect && o.Replica != s.suspect {
			return found(unknown, fmt.Sprintf("%s lost %s in the same moment as its primary did", o.Replica.Name, s.suspect.Name))
		}
	}
	return Finding{at: unknown}
}

// closedForAll: all replicas lost their links in one moment, without a silence, and had them back within a tick of the servers' timers. That is how
// a server closes its clients; a path that breaks for all of them takes longer to be there again.
func closedForAll(s *scene) Finding {
	if !s.All || s.Silent || s.Last-s.Lost > timeline.SameMoment {
		return Finding{at: unknown}
	}
	for _, o := range s.Wave {
		if o.Restored == unknown || o.Restored-o.Lost > timeline.Tick || o.Promoted || o.Restart != nil {
			return Finding{at: unknown}
		}
	}
	return found(s.Lost, fmt.Sprintf("all %d replicas were closed in the same moment, and came back at once", len(s.Wave)))
}

// stoodStillForAll: whatever held the primary, a command or its machine, all its replicas lost it at once.
func stoodStillForAll(s *scene) Finding {
	if f := stoodStill(s); f.Answer != yes {
		return f
	}
	return allAtOnce(s)
}

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
