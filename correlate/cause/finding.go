package cause

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// answer is what the evidence says to a question: yes, no, or nothing.
type answer int

const (
	dontKnow answer = iota
	yes
	no
)

// Finding is a condition's answer with the rows that give it.
type Finding struct {
	Answer   answer
	Text     string // what was found, as a clause: "its slowlog holds DEBUG SLEEP 10 for 10 s"
	evidence []diagnosis.Evidence
	at       micros         // when the cause began, where the Finding tells
	exact    bool           // at is exact to about a second
	aloud    bool           // a server said so in its log, in words that mean this and nothing else
	on       *timeline.Host // who said it
	need     string         // with dontKnow: the artifact that would tell
}

func found(at micros, text string, ev ...diagnosis.Evidence) Finding {
	return Finding{Answer: yes, Text: text, evidence: ev, at: at}
}

func denied(text string, ev ...diagnosis.Evidence) Finding {
	return Finding{Answer: no, Text: text, evidence: ev, at: unknown}
}

func needs(artifact string) Finding { return Finding{need: artifact, at: unknown} }

// outLoud marks a finding that rests on a server's own words.
func outLoud(f Finding) Finding {
	f.aloud = true
	return f
}

// not turns an answer round: what would deny becomes what supports.
func not(ask func(*scene) Finding) func(*scene) Finding {
	return func(s *scene) Finding {
		f := ask(s)
		switch f.Answer {
		case yes:
			f.Answer = no
		case no:
			f.Answer = yes
		}
		f.at = unknown
		return f
	}
}

// whenLinked keeps a condition to incidents in which a link was lost.
func whenLinked(ask func(*scene) Finding) func(*scene) Finding {
	return func(s *scene) Finding {
		if s.First == nil {
			return Finding{at: unknown}
		}
		return ask(s)
	}
}

// scene is an incident seen with one suspect.
type scene struct {
	*incident.Incident
	suspect *timeline.Host
}

// own is the suspect's own outage in the first wave; where it is the primary's path that is suspected, the first one.
func (s *scene) own() *replication.Outage {
	if s.suspect == s.Primary && s.Several {
		return s.First
	}
	for _, o := range s.Wave {
		if o.Replica == s.suspect {
			return o
		}
	}
	return nil
}

func ms(x micros) string { return x.Time().Format("15:04:05.000") }

// eachEvent calls f for every event inside the incident, of the hosts of its group, oldest first by host.
func (s *scene) eachEvent(hs []*timeline.Host, f func(*timeline.Host, *timeline.Event) bool) {
	for _, h := range hs {
		for i := range h.Events {
			e := &h.Events[i]
			if !s.During(e) {
				continue
			}
			if !f(h, e) {
				return
			}
		}
	}
}

// said looks for messages of these kinds in the incident, on the suspect or on any host of the group.
func said(where string, match func(*timeline.Event) bool, what string) func(*scene) Finding {
	return func(s *scene) Finding {
		hs := []*timeline.Host{s.suspect}
		if where == "primary" {
			hs = []*timeline.Host{s.Primary}
		}
		if where == "group" {
			hs = s.G.Hosts
		}
		if where == "sentinels" {
			hs = append(append([]*timeline.Host{}, s.G.Sentinels...), s.G.Hosts...)
		}
		n := int64(0)
		var first, second *timeline.Event
		var on *timeline.Host
		s.eachEvent(hs, func(h *timeline.Host, e *timeline.Event) bool {
			if match(e) {
				n += e.Count.Or(1)
				switch {
				case first == nil || e.At < first.At: // the hosts come by name
					first, second, on = e, first, h
				case second == nil:
					second = e
				}
			}
			return true
		})
		if first != nil {
			ev := []diagnosis.Evidence{first.Evidence()}
			if second != nil {
				ev = append(ev, second.Evidence())
			}
			f := found(first.At, fmt.Sprintf("%s %s: %q (%s)", on.Name, what, diagnosis.Shorten(first.Text, 120), diagnosis.Plural(n, "time", "times")), ev...)
			f.exact, f.aloud, f.on = true, true, on
			return f
		}
		for _, h := range hs {
			if !h.HasLog() {
				return needs("the log of " + h.Name)
			}
		}
		return Finding{at: unknown}
	}
}
