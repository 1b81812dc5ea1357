package cause

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// The most that is believed of a verdict. Each bound holds whatever the clues add up to, for what it guards against is a mistake that
// all of them may share.
const (
	// surest is the most that is ever claimed: one verdict in a hundred may rest on what nobody thought of.
	surest = 0.99
	// oneKind is for evidence of one kind of artifact, where no server says the cause aloud: nothing else bears it out.
	oneKind = 0.8
	// circumstantial is for what is borne out by nothing but what is usual with it.
	circumstantial = 0.8
	// harmed is for evidence that shows by itself that it is not as the servers wrote it.
	harmed = 0.8
	// untied is for servers whose clocks nothing ties to one another: what came first is not known.
	untied = 0.8
	// unheard is for what is left where nothing else is said, by servers whose logs are not there.
	unheard = 0.8
	// unexplained is for a cause that has passed, where resyncs went on to fail: something else kept them from succeeding.
	unexplained = 0.8
	// guessed is for a primary that is known by elimination alone.
	guessed = 0.8
	// mixed is for lines that may be another server's than they seem: the verdict may as well be wrong.
	mixed = 0.5
)

// trust is the most that is believed of a hypothesis, by what it rests on.
func trust(h *Hypothesis, s *scene) float64 {
	most := surest
	kinds, aloud := h.restsOn(s.G.Hosts)
	if !aloud && len(kinds) < 2 {
		most = min(most, oneKind)
	}
	if s.G.FollowsItself {
		most = min(most, mixed)
	}
	if !h.loud() {
		most = min(most, circumstantial)
	}
	for _, x := range s.G.Hosts {
		if len(x.Damage) > 0 {
			most = min(most, harmed)
		}
	}
	if !s.tied() && !(h.Cause.Blocks && aloud) {
		most = min(most, untied)
	}
	if h.Cause.Residual && !s.heard() && !h.measured() {
		most = min(most, unheard)
	}
	if !h.Cause.Blocks && !aloud && s.Loop == nil && s.failedOn() {
		most = min(most, unexplained)
	}
	if s.Primary == s.G.Primary && s.G.Guessed() {
		most = min(most, guessed)
	}
	if slices.ContainsFunc(s.G.Hosts, (*timeline.Host).Mixed) || !s.whose {
		most = min(most, mixed)
	}
	return most
}

// unnamed reports whether a replica of the first round names no primary of its own, and several servers of the group have replicas: whose it was is
// anybody's guess.
func (s *scene) unnamed() bool {
	return slices.ContainsFunc(s.Wave, func(o *replication.Outage) bool {
		return (o.Replica.HasLog() || len(o.Replica.Samples) > 0) && replication.PrimaryAddr(o.Replica) == ""
	}) && slices.ContainsFunc(s.G.Hosts, s.G.IsRelay) && len(s.G.Servers()) > 1
}

// tied reports whether the clocks of both ends of the first round's links are tied to one another. One end alone needs no tie.
func (s *scene) tied() bool {
	for _, o := range s.Wave {
		if o.Replica.HasLog() && s.Primary.HasLog() && !(o.Replica.Tied() && s.Primary.Tied()) {
			return false
		}
	}
	return true
}

// heard reports whether the logs of both ends of every link of the first round reach over its loss.
func (s *scene) heard() bool {
	for _, o := range s.Wave {
		if !o.Replica.HasLog() || !o.Replica.LogCovers(o.Lost) || o.Server == nil || !o.Server.HasLog() || !o.Server.LogCovers(o.Lost) {
			return false
		}
	}
	return true
}

// failedOn reports whether resyncs that were granted failed again and again, and not for want of time.
func (s *scene) failedOn() bool {
	n := 0
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Granted == diagnosis.Full && t.Outcome == diagnosis.Failed && (t.FailEv == nil || !t.FailEv.Is(message.TransferTimedOut|message.TimesOut)) {
				n++
			}
		}
	}
	return n >= 2
}

// restsOn are the kinds of artifacts that speak for the hypothesis, and whether a server says it aloud.
func (h *Hypothesis) restsOn(hosts []*timeline.Host) (kinds []timeline.Source, aloud bool) {
	for _, f := range h.Findings {
		if f.Answer != yes || f.clue.For == None {
			continue
		}
		aloud = aloud || f.aloud && f.clue.For >= Hard
		for _, e := range f.evidence {
			if k := timeline.SourceOf(hosts, e); !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds, aloud
}

// measured reports whether something that was measured on a machine says so: then it is more than what is left.
func (h *Hypothesis) measured() bool {
	for _, f := range h.Findings {
		if f.Answer == yes && f.resource != "" && f.clue.For >= Hard {
			return true
		}
	}
	return false
}

// loud reports whether something speaks for the hypothesis that would be hard to explain otherwise.
func (h *Hypothesis) loud() bool {
	for _, f := range h.Findings {
		if f.Answer == yes && f.clue.For >= Hard {
			return true
		}
	}
	return false
}
