package advice

import (
	"cmp"
	"fmt"
	"net"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// heldBy is the slowlog entry that held the host's event loop while the links were lost: the longest.
func heldBy(in *incident.Incident, h *timeline.Host, script bool) *timeline.Command {
	var best *timeline.Command
	w := in.Window()
	for i := range h.Commands {
		c := &h.Commands[i]
		if c.Start > w.To || c.End < w.From || timeline.IsForkCommand(c.Name, c.Args) || timeline.IsScript(c.Name) != script || micros(c.Micros) < timeline.WorthASecond {
			continue
		}
		if best == nil || c.Micros > best.Micros {
			best = c
		}
	}
	return best
}

// instead is what does the work of a command that walks everything at once in small steps.
var instead = []struct{ name, to, how string }{
	{"KEYS", "SCAN", "SCAN walks the keyspace in small steps"},
	{"SMEMBERS", "SSCAN", "SSCAN walks the set in small steps"},
	{"HGETALL", "HSCAN", "HSCAN walks the hash in small steps"},
	{"HVALS", "HSCAN", "HSCAN walks the hash in small steps"},
	{"HKEYS", "HSCAN", "HSCAN walks the hash in small steps"},
	{"ZRANGE", "ZSCAN, or a bounded range", "a bounded range or ZSCAN reads it in pieces"},
	{"ZREVRANGE", "ZSCAN, or a bounded range", "a bounded range or ZSCAN reads it in pieces"},
	{"LRANGE", "a bounded LRANGE", "a bounded range reads it in pieces"},
	{"DEL", "UNLINK", "UNLINK frees the value in a thread of its own (4.0 on)"},
	{"FLUSHALL", "FLUSHALL ASYNC", "ASYNC frees the values in a thread of its own (4.0 on)"},
	{"FLUSHDB", "FLUSHDB ASYNC", "ASYNC frees the values in a thread of its own (4.0 on)"},
	{"SAVE", "BGSAVE", "BGSAVE writes from a child"},
	{"SORT", "SORT on a replica", "a replica that nobody waits for may take the time"},
	{"SUNION", "SUNION on a replica", "a replica that nobody waits for may take the time"},
	{"SINTER", "SINTER on a replica", "a replica that nobody waits for may take the time"},
	{"SDIFF", "SDIFF on a replica", "a replica that nobody waits for may take the time"},
	{"SUNIONSTORE", "smaller sets", "smaller sets bound the time"},
	{"SINTERSTORE", "smaller sets", "smaller sets bound the time"},
	{"ZUNIONSTORE", "smaller sets", "smaller sets bound the time"},
	{"ZINTERSTORE", "smaller sets", "smaller sets bound the time"},
	{"DEBUG", "none", "it is no command for production"},
}

func avoidSlowCommand(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	c := heldBy(in.Judged.Incident, p, false)
	if c == nil {
		// Only commandstats shows it: the family is known, the call is not.
		b := in.Verdict.Best
		if b == nil || b.Cause.Kind != "slow-command" {
			return diagnosis.Recommendation{}, false
		}
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: "slow command", Command: cli(p) + " SLOWLOG GET 128", Cost: noCost,
			Why: b.Summary() + ", longer than the replicas wait. Find the call and its caller in the slowlog before it is pushed out",
		}, true
	}
	r := diagnosis.Recommendation{Instance: p.Name, Setting: c.Name, From: diagnosis.Shorten(strings.TrimSpace(c.Name+" "+c.Args), 80), Cost: "the caller has to be changed first: its call fails from then on"}
	how := "it has to be bounded"
	for _, i := range instead {
		if i.name == c.Name {
			r.To, how = i.to, i.how
		}
	}
	who := "the slowlog names no caller (4.0 on it does)"
	if c.Client != "" {
		who = "it was called by " + c.Client
		if c.User != "" {
			who += " (" + c.User + ")"
		}
	}
	r.Why = fmt.Sprintf("%s held %s for %s, and the replicas wait %s; %s; %s", c.Name, p.Name, diagnosis.Length(micros(c.Micros)), diagnosis.Length(p.Duration("repl-timeout")), who, how)
	word := strings.ToLower(c.Name)
	switch {
	case !plainWord(word):
		r.Command = cli(p) + " SLOWLOG GET 128"
	case p.Can(timeline.HasACL):
		user := "default"
		if plainWord(c.User) {
			user = c.User
		}
		r.Command = later("once no caller needs it any more, forbid it: whoever still calls it is refused from then on", fmt.Sprintf("%s ACL SETUSER %s -%s\n%s", cli(p), user, word, aclSave(p)))
	default:
		r.Command = fmt.Sprintf("# in redis.conf, at the next restart:\nrename-command %s \"\"", c.Name)
	}
	return r, true
}

func boundScript(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	threshold := p.Setting("busy-reply-threshold")
	r := diagnosis.Recommendation{Instance: p.Name, Setting: "script", Cost: "a script that is killed has done nothing; one that has written can only be waited for"}
	ran := micros(0)
	if c := heldBy(in.Judged.Incident, p, true); c != nil {
		r.From, ran = diagnosis.Shorten(strings.TrimSpace(c.Name+" "+c.Args), 80), micros(c.Micros)
		if c.Client != "" {
			r.Why = "it was called by " + c.Client + "; "
		}
	} else {
		for i := range p.Stalls {
			for _, e := range p.Stalls[i].Because {
				if e.Kind == "slow-script" && e.Overlaps(in.Window()) {
					ran = max(ran, e.To-e.From)
				}
			}
		}
	}
	if ran == 0 {
		return r, false
	}
	kill := "SCRIPT KILL"
	if strings.HasPrefix(r.From, "FCALL") {
		kill = "FUNCTION KILL"
	}
	r.To = "bounded work for each call"
	r.Command = later("while one runs", cli(p)+" "+kill)
	r.Why += fmt.Sprintf("a script ran for %s on %s and the replicas wait %s. The server only says so after %s ms (busy-reply-threshold, lua-time-limit before 7.0) and ends nothing by itself: split the work, and let a watch call %s", diagnosis.Length(ran), p.Name, diagnosis.Length(p.Duration("repl-timeout")), cmp.Or(threshold.Value, "5000"), kill)
	return r, true
}

func forkWords(h *timeline.Host) string {
	us, memory := h.LongestFork()
	if us == 0 {
		return "a fork held " + h.Name
	}
	s := fmt.Sprintf("a fork held %s for %s", h.Name, diagnosis.Length(us))
	if memory > 0 {
		s += fmt.Sprintf(" with %s of data", diagnosis.Amount(memory))
	}
	return s
}

func disableTHP(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	w, _ := p.Warned(message.ThpWarning)
	if w == nil {
		return diagnosis.Recommendation{}, false // nothing tells that they are on
	}
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "transparent_hugepage", From: "always", To: "never", Cost: "a little more work for the CPU's address cache",
		Command: "# on the host of " + shellName(p) + ", as root:\necho never > /sys/kernel/mm/transparent_hugepage/enabled",
		Why:     forkWords(p) + ", and its log says that transparent huge pages are on: after a fork every write then copies 2 MiB instead of 4 KiB",
	}, true
}

// disklessSync is for a primary that cannot write a snapshot down. Elsewhere it changes nothing that the evidence shows: a diskless resync forks
// as well, and is one for each replica that comes later than repl-diskless-sync-delay.
func disklessSync(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	if p.Value("repl-diskless-sync") != "no" || forkRefused(in.Judged.Incident, "") != nil {
		return diagnosis.Recommendation{}, false
	}
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "repl-diskless-sync", From: "no", To: "yes", Command: everywhere(in.Judged.Incident, "repl-diskless-sync", "yes"), Cuts: "attempt-fails",
		Why:  "a diskless full resync needs no disk on the primary, so that replicas get through while its disk is mended",
		Cost: "the snapshot is sent as it is made: a slow replica holds the child, and with it copy-on-write memory, for longer",
	}, true
}

func fasterFsync(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	s := p.Setting("appendfsync")
	if s.Value == "always" {
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: "appendfsync", From: "always", To: "everysec", Command: everywhere(in.Judged.Incident, "appendfsync", "everysec"),
			Why:  "with always every write waits for the disk in the main thread, and with it every replica's link; everysec leaves it to a thread",
			Cost: "up to a second of writes may be lost if the host dies",
		}, true
	}
	if n := p.Setting("no-appendfsync-on-rewrite"); n.Value == "no" && rewroteDuring(p, in.Incident) {
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: "no-appendfsync-on-rewrite", From: "no", To: "yes", Command: everywhere(in.Judged.Incident, "no-appendfsync-on-rewrite", "yes"),
			Why:  "a child was writing to the same disk while fsync held the writes; without fsync during a rewrite or snapshot they do not wait for it",
			Cost: "what is written during a rewrite may be lost if the host dies",
		}, true
	}
	delayed := int64(0)
	for i := range p.Samples {
		delayed = max(delayed, p.Samples[i].AOFDelayedFsync.Or(0))
	}
	r := diagnosis.Recommendation{
		Instance: p.Name, Setting: "disk of the append-only file", To: "one that takes an fsync within a second", Cost: "a disk, or moving what else uses it",
		Command: "iostat -x 1 5", Why: "writes on " + p.Name + " waited for the append-only file's fsync",
	}
	if delayed > 0 {
		r.Why += fmt.Sprintf(" (aof_delayed_fsync is %s)", diagnosis.BytesOf(delayed))
	}
	if dir := p.Value("dir"); plainWord(dir) && dir != "." {
		r.Command += "\ndf -h " + dir
	}
	return r, true
}

// rewroteDuring reports whether a child of the host's was writing when the links were lost.
func rewroteDuring(h *timeline.Host, in *incident.Incident) bool {
	for i := range h.Samples {
		s := &h.Samples[i]
		if (s.At-in.Start).Abs() <= timeline.NearDump && (s.AOFRewriting.Or(0) == 1 || s.RDBInProgress.Or(0) == 1) {
			return true
		}
	}
	return false
}

func steadyHost(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	d := micros(0)
	if st := in.StallOf(p); st != nil {
		d = st.AtMost
	}
	r := diagnosis.Recommendation{
		Instance: p.Name, Setting: "host", To: "no pauses longer than repl-timeout", Cost: noCost,
		Command: "journalctl -k --since '1 hour ago' | grep -iE 'stall|hung|oom|steal|soft lockup'\nvmstat 1 5",
	}
	r.Why = p.Name + " stood still and nothing of its own explains it"
	if d > 0 {
		r.Why = fmt.Sprintf("%s stood still for up to %s and nothing of its own explains it", p.Name, diagnosis.Length(d))
	}
	r.Why += ": look for a frozen or moved virtual machine, swapping, a starved CPU"
	if s := p.LastSampleBefore(in.Start); s != nil && s.UsedMemory.Known() && s.UsedMemoryRSS.Known() && s.UsedMemoryRSS < s.UsedMemory*9/10 {
		r.Why += fmt.Sprintf("; %s of its data is not resident: it is swapped out", diagnosis.Amount(int64(s.UsedMemory-s.UsedMemoryRSS)))
		r.Command += "\nsysctl vm.swappiness=1"
	}
	return r, true
}

func checkPath(in *situation) (diagnosis.Recommendation, bool) {
	p, r := in.Primary, (*timeline.Host)(nil)
	if w := in.Wave; len(w) > 0 {
		r = w[0].Replica
	}
	if r == nil {
		return diagnosis.Recommendation{}, false
	}
	target := "PRIMARY"
	if a := replication.PrimaryAddr(r); a != "" {
		if ip, _, err := net.SplitHostPort(a); err == nil && plainWord(ip) {
			target = ip
		}
	} else if len(p.Addrs) > 0 {
		if ip, _, err := net.SplitHostPort(p.Addrs[0]); err == nil && plainWord(ip) {
			target = ip
		}
	}
	where := "the primary's side: all links broke at once"
	if !in.Several {
		where = "the side of " + r.Name + ": its link alone broke"
	}
	how := "closed at once"
	if in.Silent {
		how = "fell silent"
	}
	what := fmt.Sprintf("the link %s while both servers ran on; look on %s", how, where)
	if d := sizing.Missing(in.Judged.Incident, in.Wave[0]); d > 0 {
		what += fmt.Sprintf("; it was gone for %s", diagnosis.Length(d))
	}
	return diagnosis.Recommendation{
		Instance: r.Name, Setting: "network path", To: "no breaks", Why: what, Cost: noCost,
		Command: fmt.Sprintf("# on %s:\nmtr -rwc 100 %s\nss -ti dst %s\nnetstat -s | grep -i retrans", r.Name, target, target),
	}, true
}
