package cause

import (
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
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
	ran      string         // the call that did it, as a headline says it
	resource diagnosis.Resource
	need     string // with dontKnow: the artifact that would tell
	clue     *Clue  // that it answers
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

func ms(x micros) string { return x.Time().Format("15:04:05.000") }

// said looks for messages of these kinds in the incident, on the suspect or on any host of the group.
func said(where string, match func(*timeline.Event) bool, what string) func(*scene) Finding {
	ask := func(s *scene) Finding {
		hs := s.places(where)
		n, evs, on := s.matching(hs, match)
		if n > 0 {
			f := found(evs[0].At, fmt.Sprintf("%s %s: %q (%s)", on.Name, what, diagnosis.Shorten(evs[0].Text, 120), diagnosis.Plural(n, "time", "times")), replication.EvidenceOf(evs, 2)...)
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
	if where == "suspect" {
		return ask
	}
	return ofAll(ask)
}

// places are the servers that a word is looked for on.
func (s *scene) places(where string) []*timeline.Host {
	switch where {
	case "primary":
		return []*timeline.Host{s.Primary}
	case "group":
		return s.G.Hosts
	case "sentinels":
		return append(slices.Clone(s.G.Sentinels), s.G.Hosts...)
	}
	return []*timeline.Host{s.suspect}
}

// matching counts the incident's messages that match, and keeps the oldest, whose it is, and one more.
func (s *scene) matching(hs []*timeline.Host, match func(*timeline.Event) bool) (n int64, evs []*timeline.Event, on *timeline.Host) {
	for _, h := range hs {
		for e := range s.Said(h) {
			if !match(e) {
				continue
			}
			n += e.Count.Or(1)
			switch {
			case len(evs) == 0 || e.At < evs[0].At: // the hosts come by name
				evs, on = append([]*timeline.Event{e}, evs[:min(len(evs), 1)]...), h
			case len(evs) == 1:
				evs = append(evs, e)
			}
		}
	}
	return n, evs, on
}
