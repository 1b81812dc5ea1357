package questions

import (
	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
)

// all are the questions in the order in which a post-mortem asks them.
var all = []struct {
	id, question string
	ask          func(*scene) answer
}{
	{"writes-lost", "How many writes were lost?", writesLost},
	{"nobody-wrote", "For how long could nobody write?", nobodyWrote},
	{"nobody-read", "For how long could nobody read from a replica?", nobodyRead},
	{"two-primaries", "Were there two primaries at once?", twoPrimaries},
	{"why-failover", "Why did another server take over?", whyFailover},
	{"why-this-replica", "Why was this replica promoted, and how far behind was it?", whyThisReplica},
	{"why-aborted", "Why was the failover given up?", whyAborted},
	{"who-ran-it", "Which client ran the command?", whoRanIt},
	{"who-asked", "Did a person or a program ask for it?", whoAsked},
	{"resync-cost", "What did the full resyncs cost?", resyncCost},
	{"nothing-written", "Why a full resync although nothing was missed?", nothingWritten},
	{"came-back-empty", "Did the primary come back with its data?", cameBackEmpty},
	{"same-data", "Do both ends hold the same now?", sameData},
}

// Names are the questions, without answers, in their order.
func Names() (out []diagnosis.Question) {
	for _, q := range all {
		out = append(out, diagnosis.Question{ID: q.id, Question: q.question})
	}
	return out
}

// Of answers the questions that arise.
func Of(in *cause.Judged) []diagnosis.Question {
	s := &scene{Judged: in}
	for _, o := range in.Outages {
		if o.Promoted && o.Restored != unknown && (s.heir == nil || o.Restored < s.heir.Restored) {
			s.heir = o
		}
	}
	out := []diagnosis.Question{}
	for _, q := range all {
		a := q.ask(s)
		if a.text == "" && a.needs == "" {
			continue
		}
		d := diagnosis.Question{ID: q.id, Question: q.question, Known: a.text != "", Answer: a.text, Needs: a.needs, Evidence: append([]diagnosis.Evidence{}, diagnosis.Few(a.evidence, 4)...)}
		if a.bytes >= 0 && d.Known {
			d.Bytes = &a.bytes
		}
		if a.span.From != unknown {
			d.From, d.To = diagnosis.StampOf(a.span.From), diagnosis.StampOf(a.span.To)
			if a.span.To != unknown {
				length := diagnosis.Seconds(a.span.To - a.span.From)
				d.Seconds = &length
			}
		}
		out = append(out, d)
	}
	return out
}
