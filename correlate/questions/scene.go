package questions

import (
	"slices"
	"strings"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// answer is what the evidence says to a question. The zero answer means that it does not arise.
type answer struct {
	text     string // what is known
	needs    string // what would tell, where nothing is known
	bytes    int64  // -1 where the answer is no number of bytes
	span     timeline.Span
	evidence []diagnosis.Evidence
}

func known(text string, ev ...diagnosis.Evidence) answer {
	return answer{text: text, bytes: -1, span: timeline.Span{From: unknown, To: unknown}, evidence: ev}
}

func cannotTell(needs string) answer {
	return answer{needs: needs, bytes: -1, span: timeline.Span{From: unknown, To: unknown}}
}

// during gives an answer its stretch of the axis.
func (a answer) during(s timeline.Span) answer {
	a.span = s
	return a
}

// scene is the incident that is asked about.
type scene struct {
	*cause.Judged
	heir *replication.Outage // of the first replica that was promoted in it; nil without one
}

// former is the primary that the heir took over from; nil where nobody did.
func (s *scene) former() *timeline.Host {
	if s.heir == nil || s.heir.Server == s.heir.Replica {
		return nil
	}
	return s.heir.Server
}

// demoted is the outage in which the former primary comes back as a replica; nil where it does not.
func (s *scene) demoted() *replication.Outage {
	for _, o := range s.Outages {
		if o.Replica == s.former() && incident.Demoted(o) {
			return o
		}
	}
	return nil
}

// ended is the life of h that ended in the incident or right before it; nil where none did.
func (s *scene) ended(h *timeline.Host) *timeline.Life {
	if h == nil {
		return nil
	}
	reach := s.Reach()
	for i := range h.Lives {
		l := &h.Lives[i]
		if l.To != unknown && l.Logged() && l.To >= reach.From && (reach.To == unknown || l.To <= reach.To) {
			return l
		}
	}
	return nil
}

// said are the messages of the incident that match, of these hosts, oldest first.
func (s *scene) said(hs []*timeline.Host, match func(*timeline.Event) bool) (out []*timeline.Event) {
	for _, h := range hs {
		for e := range s.Said(h) {
			if match(e) {
				out = append(out, e)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *timeline.Event) int { return int(a.At - b.At) })
	return out
}

// everybody are the group's servers and Sentinels.
func (s *scene) everybody() []*timeline.Host { return slices.Concat(s.G.Sentinels, s.G.Hosts) }

// writable is the server that writes go to: the incident's primary, or the group's where that one only passes on what it gets.
func (s *scene) writable() *timeline.Host {
	if s.G.IsRelay(s.Primary) {
		return s.G.Primary
	}
	return s.Primary
}

// evidenceOf are the lines of messages.
func evidenceOf(evs []*timeline.Event) []diagnosis.Evidence { return replication.EvidenceOf(evs, 4) }

// clientOf takes the client apart that a message names: "id=9 addr=127.0.0.1:5452 name=x user=default cmd=exec".
func clientOf(detail string) map[string]string {
	out := map[string]string{}
	for w := range strings.FieldsSeq(detail) {
		if k, v, ok := strings.Cut(w, "="); ok {
			out[k] = strings.Trim(v, "'\",")
		}
	}
	return out
}
