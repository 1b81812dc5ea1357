package questions

import (
	"fmt"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// whoRanIt names the client of the command or script that held the server, where one did, and how often it had run before.
func whoRanIt(s *scene) answer {
	b := s.Verdict.Best
	if b == nil || b.Cause.Kind != "slow-command" && b.Cause.Kind != "slow-script" {
		return answer{}
	}
	h := b.Suspect
	var c *timeline.Command
	window := s.Window()
	for i := range h.Commands {
		x := &h.Commands[i]
		if (timeline.Span{From: x.Start, To: x.End + second}).Overlaps(window) && (c == nil || x.Micros > c.Micros) && micros(x.Micros) >= timeline.WorthASecond {
			c = x
		}
	}
	if c == nil {
		return cannotTell("SLOWLOG GET of " + h.Name + ", taken soon after")
	}
	if c.Client == "" {
		a := cannotTell("SLOWLOG GET of a server from 4.0 on: older ones do not name the client")
		a.evidence = []diagnosis.Evidence{c.Evidence()}
		return a
	}
	text := c.Client
	if c.User != "" {
		text += fmt.Sprintf(", which calls itself %q", c.User)
	}
	n := int64(0)
	for i := range h.Commands {
		if x := &h.Commands[i]; x != c && x.Name == c.Name && x.End < c.Start && firstWord(x.Args) == firstWord(c.Args) {
			n++
		}
	}
	switch {
	case n == 0:
		text += "; its slowlog holds no such call from before"
	default:
		text += fmt.Sprintf("; its slowlog holds %s from before", diagnosis.Plural(n, "such call", "such calls"))
	}
	if user := userOf(h, c.Client); user != "" {
		text += "; user " + user
	}
	return known(text, c.Evidence())
}

func firstWord(args string) string {
	w, _, _ := strings.Cut(strings.ToUpper(args), " ")
	return w
}

// userOf is the ACL user of a connection, by CLIENT LIST; empty where it is not listed.
func userOf(h *timeline.Host, addr string) string {
	for i := range h.Clients {
		if h.Clients[i].Addr == addr {
			return h.Clients[i].User
		}
	}
	return ""
}

// whoAsked tells a person's doing from a program's, as far as the message that reports it names the one who asked: Sentinels give themselves
// a name (sentinel-<id>-cmd, redis 7.4.1 sentinel.c sentinelSetClientName), a SIGTERM comes from whatever runs the server, SHUTDOWN
// from a client, and a client that names its library is a program's.
func whoAsked(s *scene) answer {
	h := s.Primary
	asked := s.said(s.G.Hosts, func(e *timeline.Event) bool {
		return e.Is(message.RePointed|message.FailoverAsked) || e.Kind == message.Promoted || e.Is(message.AskedToEnd) && e.Kind != message.ShutdownDone
	})
	var e *timeline.Event
	for _, x := range asked {
		if x.At == unknown || s.First != nil && x.At > s.Last+timeline.ThreeTicks && x.Instance == h.Name {
			continue
		}
		e = x
		break
	}
	if e == nil {
		return answer{}
	}
	return known(askedBy(e), e.Evidence())
}

// askedBy says who asked, by what one message holds.
func askedBy(e *timeline.Event) string {
	switch {
	case e.Kind == message.ShutdownSignal && strings.Contains(e.Text, "SIGINT"):
		return "SIGINT: somebody at its terminal, or a supervisor that stops with it"
	case e.Kind == message.ShutdownSignal:
		return "SIGTERM: whoever runs the server (an init system, a container's runtime, an operator), or somebody's kill; no client of Redis"
	case e.BySentinel:
		return "a Sentinel did"
	}
	c := clientOf(e.Detail)
	if len(c) == 0 {
		c = clientOf(e.Text)
	}
	addr, name := c["addr"], c["name"]
	switch {
	case strings.HasPrefix(name, "sentinel-"):
		return fmt.Sprintf("a Sentinel did, from %s (%s)", addr, name)
	case addr == "":
		return "a client whose address the message does not name: a person or a program, it does not tell"
	case name != "":
		return fmt.Sprintf("the client %s, which calls itself %q", addr, name)
	case c["lib-name"] != "":
		return fmt.Sprintf("the client %s, a program: its library is %s", addr, c["lib-name"])
	}
	return fmt.Sprintf("the client %s, without a name: a person or a program, the line does not tell", addr)
}

// sameData compares the last offsets of the primary and of those who were affected, on one history: what the stream carried, both have.
func sameData(s *scene) answer {
	if s.End == unknown || len(s.Affected) == 0 {
		return answer{}
	}
	p := s.Primary
	if s.heir != nil {
		p = s.heir.Replica
	}
	last := lastSample(p)
	if last == nil || !last.PrimaryOffset.Known() {
		return cannotTell("INFO replication and keyspace of " + p.Name + " and of its replicas from after the incident, at one moment")
	}
	var same, behind []string
	ev := []diagnosis.Evidence{last.Evidence("master_repl_offset:" + diagnosis.Itoa(int64(last.PrimaryOffset)))}
	seen := map[string]bool{}
	for _, o := range s.Outages {
		r := lastSample(o.Replica)
		if o.Replica == p || seen[o.Replica.Name] || r == nil || !r.ReplicaOffset.Known() || r.Role != "slave" || r.ReplID != last.ReplID || r.At < s.End {
			continue
		}
		seen[o.Replica.Name] = true
		ev = append(ev, r.Evidence("slave_repl_offset:"+diagnosis.Itoa(int64(r.ReplicaOffset))))
		before, after := p.OffsetsAround(r.At, r.Doubt()+o.Replica.Clock.Err, last.ReplID)
		switch n := int64(r.ReplicaOffset); {
		case before >= 0 && n >= before:
			same = append(same, o.Replica.Name)
		case before >= 0:
			behind = append(behind, fmt.Sprintf("%s was %s bytes behind", o.Replica.Name, diagnosis.BytesOf(before-n)))
		case after >= 0 && n >= after:
			same = append(same, o.Replica.Name)
		}
	}
	if len(same)+len(behind) == 0 {
		return cannotTell("INFO replication of " + p.Name + " and of its replicas from after the incident, at one moment")
	}
	if len(same) > 0 {
		behind = append([]string{fmt.Sprintf("%s had the whole stream of %s in the last dumps", diagnosis.List(same), p.Name)}, behind...)
	}
	return known(strings.Join(behind, "; ")+"; keys that differ without the stream knowing, no offset shows", ev...)
}

func lastSample(h *timeline.Host) *timeline.Sample {
	if len(h.Samples) == 0 {
		return nil
	}
	return &h.Samples[len(h.Samples)-1]
}

// cameBackEmpty: a primary that started anew in the incident loaded what it had, or nothing. An empty primary empties its replicas.
func cameBackEmpty(s *scene) answer {
	for _, h := range s.G.Hosts {
		l := s.ended(h)
		if l == nil || h != s.Primary || s.writable() != h {
			continue
		}
		next := h.LifeAfter(l)
		if next == nil || next.StartEv == nil {
			continue
		}
		keys := int64(-1)
		loaded, ready := false, false
		var ev []diagnosis.Evidence
		for i := range h.Events {
			e := &h.Events[i]
			if e.At < next.From || next.To != unknown && e.At > next.To || ready {
				continue
			}
			if e.Is(message.Loaded) {
				loaded = true
				ev = append(ev, e.Evidence())
			}
			if e.Kind == message.RdbLoaded {
				keys = e.Number.Or(-1)
			}
			if ready = e.Kind == message.ServerReady; ready {
				ev = append(ev, e.Evidence())
			}
		}
		switch {
		case keys == 0:
			return known(h.Name+" came back empty: its snapshot held no keys", ev...)
		case keys > 0:
			return known(fmt.Sprintf("yes: %s loaded %s", h.Name, diagnosis.Plural(keys, "key", "keys")), ev...)
		case loaded:
			return known("yes: "+h.Name+" loaded its data; how many keys, its log does not say", ev...)
		case ready:
			return known(h.Name+" came back empty: it was ready without loading anything", ev...)
		}
		return cannotTell("the log of " + h.Name + " over its start, or its INFO keyspace")
	}
	return answer{}
}

// nothingWritten: the replica missed nothing, and got everything anew all the same.
func nothingWritten(s *scene) answer {
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Granted != diagnosis.Full || t.Asked != diagnosis.Partial {
				continue
			}
			_, _, need, _ := s.Arithmetic(o, t)
			if need == nil || *need > 0 {
				continue
			}
			why := map[diagnosis.RefusalKind]string{
				diagnosis.ReplidMismatch: "it asked for a history that the primary did not know: the primary had started anew, or another one had",
				diagnosis.NoBacklog:      "the primary had no backlog: it had freed it while nobody was attached (repl-backlog-ttl), or never made one",
			}[s.RefusalKind(o, t)]
			if why == "" {
				continue
			}
			return known(fmt.Sprintf("%s missed nothing; %s", o.Replica.Name, why), replication.AttemptEvidence(t)...)
		}
	}
	return answer{}
}
