package advice

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// forkRefused is the log's line about a fork that failed in the incident and says this.
func forkRefused(in *incident.Incident, what string) *timeline.Event {
	p := in.Primary
	for e := range in.Said(p) {
		if e.Is(message.ForkRefused) && strings.Contains(e.Text, what) {
			return e
		}
	}
	return nil
}

// processOf is the server's process as a shell knows it: by its id where a dump tells it.
func (in *situation) processOf(h *timeline.Host) string {
	if s := h.LastSampleBefore(in.Start); s != nil && s.ProcessID.Known() {
		return diagnosis.Itoa(int64(s.ProcessID))
	}
	return "$(pidof redis-server)"
}

func processLimit(in *situation) (diagnosis.Recommendation, bool) {
	// EAGAIN: fork(2) gives it at RLIMIT_NPROC, a cgroup's pids.max or the kernel's limit of threads.
	e := forkRefused(in.Judged.Incident, "Resource temporarily unavailable")
	if e == nil {
		return diagnosis.Recommendation{}, false
	}
	p := in.Primary
	pid := in.processOf(p)
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "process limit", To: "more processes", Command: fmt.Sprintf("prlimit --pid %s --nproc=65536:65536\ncat /proc/%s/cgroup # then pids.max there", pid, pid),
		Why: fmt.Sprintf("fork failed with %q: a limit of processes (ulimit -u, TasksMax, pids.max) and not of memory", diagnosis.Shorten(e.Text, 100)), Cost: noCost,
	}, true
}

func overcommit(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	if forkRefused(in.Judged.Incident, "Resource temporarily unavailable") != nil {
		return diagnosis.Recommendation{}, false
	}
	if b := in.Verdict.Best; (b == nil || b.Cause.Kind != "fork-failed") && forkRefused(in.Judged.Incident, "") == nil {
		return diagnosis.Recommendation{}, false // snapshots failed for another reason
	}
	w, started := p.Warned(message.OvercommitWarning)
	if w == nil && started {
		return diagnosis.Recommendation{}, false // it would have said so at its start
	}
	r := diagnosis.Recommendation{
		Instance: p.Name, Setting: "vm.overcommit_memory", From: "unknown", To: "1", Command: "sysctl vm.overcommit_memory=1\necho vm.overcommit_memory=1 >> /etc/sysctl.conf",
		Why: "fork was refused for want of memory; the child shares the parent's pages, but without overcommit the kernel counts them twice", Cost: "the kernel promises more than it has: keep maxmemory below the host's memory",
	}
	if w != nil {
		r.From = "0"
		r.Why += ", and the log of " + p.Name + " warns of it"
	}
	return r, true
}

func moreMemory(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	if forkRefused(in.Judged.Incident, "Resource temporarily unavailable") != nil {
		return diagnosis.Recommendation{}, false
	}
	killed := in.killedChild()
	if b := in.Verdict.Best; killed == nil && (b == nil || b.Cause.Kind != "fork-failed") {
		return diagnosis.Recommendation{}, false
	}
	s := p.LastSampleBefore(in.Start)
	r := diagnosis.Recommendation{
		Instance: p.Name, Setting: "memory", To: "room for copy-on-write", Command: "free -m", Cost: "memory, or a smaller data set",
		Why: "a snapshot needs room for the pages that are written while it is made",
	}
	if killed != nil {
		r.Why += fmt.Sprintf("; the child was killed, as the kernel does for want of it: %q", diagnosis.Shorten(killed.Text, 80))
		r.Command += "\njournalctl -k --since '1 day ago' | grep -iE 'out of memory|oom-kill'"
		return r, true
	}
	if s == nil || !s.UsedMemory.Known() || !s.TotalSystemMemory.Known() || s.TotalSystemMemory <= 0 {
		return r, true
	}
	if s.UsedMemory*4 < s.TotalSystemMemory {
		return r, false // with the data below a quarter of the memory there is room for as much again
	}
	r.From = diagnosis.Amount(int64(s.TotalSystemMemory))
	r.Why += fmt.Sprintf(": %s of data on a host with %s", diagnosis.Amount(int64(s.UsedMemory)), diagnosis.Amount(int64(s.TotalSystemMemory)))
	return r, true
}

const sigkill = 9

// killedChild is what tells that the child that wrote a snapshot was killed: the kernel's word, else the server's own that it ended by SIGKILL,
// which nobody else sends to a child mostly; nil without either.
func (in *situation) killedChild() *timeline.Event {
	if e := in.Primary.KilledChild(timeline.Span{From: in.Start - timeline.MinuteApart, To: in.End}); e != nil {
		return e
	}
	for e := range in.Said(in.Primary) {
		if (e.Is(message.ChildKilled) || replication.ChildFailed(e)) && e.Number == sigkill {
			return e
		}
	}
	return nil
}

func freeDisk(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	var e *timeline.Event
	var on *timeline.Host
	for _, h := range in.G.Hosts {
		for x := range in.Said(h) {
			if replication.FailedSave(x) && (e == nil || more(x.Text, e.Text)) {
				e, on = x, h
			}
		}
	}
	if on == nil {
		on = p
	}
	dir := on.Value("dir")
	if !plainWord(dir) {
		dir = "DIR"
	}
	r := diagnosis.Recommendation{
		Instance: on.Name, Setting: "disk", To: "a place that takes the snapshot", Cost: "disk", Command: fmt.Sprintf("df -h %s\ndf -i %s\nls -ld %s", dir, dir, dir),
		Why: "the snapshot could not be written",
	}
	b := in.Verdict.Best
	if e == nil && (b == nil || b.Cause.Kind != "save-failed" || in.killedChild() != nil) {
		return r, false
	}
	if e == nil {
		r.Why += "; its log does not say why: " + b.Summary()
	} else {
		r.Why += fmt.Sprintf(": %q", diagnosis.Shorten(e.Text, 120))
		switch {
		case strings.Contains(e.Text, "No space left"):
			r.Setting, r.To = "disk space", "twice the size of the dump file free"
		case strings.Contains(e.Text, "Read-only"):
			r.Setting, r.To = "file system", "writable"
			r.Command += "\nmount | grep ' ro[, ]'"
		case strings.Contains(e.Text, "Permission denied"):
			r.Setting, r.To = "owner of the directory", "the server's user"
		}
	}
	return r, true
}

// more reports whether a text names an error of the system where the other does not.
func more(a, b string) bool {
	named := func(s string) bool {
		return strings.Contains(s, "No space") || strings.Contains(s, "Read-only") || strings.Contains(s, "Permission denied") || strings.Contains(s, "No such file")
	}
	return named(a) && !named(b)
}

func checkRDB(in *situation) (diagnosis.Recommendation, bool) {
	r := in.suspectReplica()
	rec := diagnosis.Recommendation{Instance: r.Name, Setting: "dump file", To: "one that loads", Cost: noCost, Why: "the snapshot broke on its way or could not be loaded"}
	tool := "redis-check-rdb"
	if f, _ := r.Version(); f == "valkey" {
		tool = "valkey-check-rdb"
	}
	dir, name := r.Value("dir"), cmp.Or(r.Value("dbfilename"), "dump.rdb")
	if !plainWord(dir) || !plainWord(name) {
		dir, name = "DIR", "dump.rdb"
	}
	rec.Command = fmt.Sprintf("%s %s/%s", tool, strings.TrimSuffix(dir, "/"), name)
	for _, o := range in.Outages {
		for _, e := range o.Failures {
			if o.Replica == r && e.Is(message.CannotLoad|message.FormatTooNew) {
				rec.Why += fmt.Sprintf(": %q", diagnosis.Shorten(e.Text, 120))
				if e.Kind == message.RdbLoadModuleMissing {
					rec.Setting, rec.To = "modules", "those of the primary"
					rec.Command = cli(r) + " MODULE LIST"
				}
				return rec, true
			}
		}
	}
	return rec, in.brokenStream(r) == nil
}

// brokenStream is the line by which what came to the replica was no stream of commands; nil without one.
func (in *situation) brokenStream(r *timeline.Host) *timeline.Event {
	for e := range r.Within(timeline.Span{From: in.Start - timeline.TwoTicks, To: in.End}) {
		if replication.BrokenStream(e) {
			return e
		}
	}
	return nil
}

func checkStream(in *situation) (diagnosis.Recommendation, bool) {
	r := in.suspectReplica()
	e := in.brokenStream(r)
	if e == nil {
		return diagnosis.Recommendation{}, false
	}
	return diagnosis.Recommendation{
		Instance: r.Name, Setting: "version", To: "the newest patch release, on both ends", Command: cli(r) + " INFO server", Cost: "an upgrade of both",
		Why: fmt.Sprintf("what %s sent was no stream of commands, and no setting makes it one: %q. A server's defect did it, or something on the way that changes bytes; look for it in the release notes of both versions", in.Primary.Name, diagnosis.Shorten(e.Text, 80)),
	}, true
}

// suspectReplica is the replica the verdict names, else the first that was affected, else the primary.
func (in *situation) suspectReplica() *timeline.Host {
	if b := in.Verdict.Best; b != nil && b.Suspect != nil {
		return b.Suspect
	}
	if w := in.Wave; len(w) > 0 {
		return w[0].Replica
	}
	return in.Primary
}

func upgradeReplica(in *situation) (diagnosis.Recommendation, bool) {
	r, p := in.suspectReplica(), in.Primary
	_, rv := r.Version()
	pf, pv := p.Version()
	if pv == "" {
		pf, pv = "the primary's", "version"
	}
	return diagnosis.Recommendation{
		Instance: r.Name, Setting: "version", From: rv, To: pf + " " + pv + " or later", Command: cli(r) + " INFO server", Cost: "an upgrade of the replica",
		Why: fmt.Sprintf("%s cannot read what %s sends: a replica may be newer than its primary, never older", r.Name, p.Name),
	}, true
}

func setMasterauth(in *situation) (diagnosis.Recommendation, bool) {
	r, p := in.suspectReplica(), in.Primary
	rec := diagnosis.Recommendation{
		Instance: r.Name, Setting: "masterauth", To: "the primary's password", Cost: noCost,
		Command: configSet(r, "masterauth", password("PRIMARY_PASSWORD")), Why: "the primary refused the replica's credentials",
	}
	var said *timeline.Event
	refused := replication.Replies(replication.AuthWords...)
	for _, o := range in.Outages {
		for _, e := range o.Failures {
			if o.Replica == r && said == nil && refused(e) {
				said = e
			}
		}
	}
	if said == nil {
		return rec, true
	}
	rec.Why += fmt.Sprintf(" (%q, %s)", diagnosis.Shorten(said.Text, 120), diagnosis.Plural(int64(len(in.Outages[0].Failures)), "time", "times"))
	switch t := said.Text; {
	case strings.Contains(t, "NOPERM"):
		user := r.Value("masteruser")
		if !plainWord(user) {
			user = "USER"
		}
		rec.Instance, rec.Setting, rec.To = p.Name, "ACL of the replication user", "+psync +replconf +ping"
		rec.Command = fmt.Sprintf("%s ACL SETUSER %s +psync +replconf +ping\n%s", cli(p), user, aclSave(p))
		if user == "USER" {
			rec.Command = later("USER is whom the replica's masteruser names", rec.Command)
		}
	case strings.Contains(t, "protected mode"):
		rec.Instance, rec.Setting, rec.From, rec.To = p.Name, "requirepass", "none", "a password, on both sides"
		rec.Command = configSet(r, "masterauth", password("NEW_PASSWORD")) + "\n" + configSet(p, "requirepass", password("NEW_PASSWORD"))
	case strings.Contains(t, "SSL") || strings.Contains(t, "TLS") || strings.Contains(t, "certificate"):
		rec.Setting, rec.To = "tls-replication", "certificates that both sides trust"
		rec.Command = cli(r) + " CONFIG GET 'tls-*'\n" + cli(p) + " CONFIG GET 'tls-*'"
	}
	return rec, true
}

// password is a place for one in a shell command: nothing is set while the variable is empty.
func password(name string) string { return `"${` + name + `:?set it first}"` }

// waitLonger is for a replica that waits no longer than its primary may have nothing to send: the link is lost to that again and again, and
// comes back each time.
func waitLonger(in *situation) (diagnosis.Recommendation, bool) {
	const usual = 60 // repl-timeout unless set (redis 7.4.1 config.c)
	r, p := in.suspectReplica(), in.Primary
	if in.First == nil || !in.Silent || in.First.TimeoutByReplica == nil || in.Timeout >= usual*second || len(in.First.Tries) == 0 || in.First.Tries[0].Granted != diagnosis.Partial {
		return diagnosis.Recommendation{}, false
	}
	now := r.Setting("repl-timeout")
	from := "about " + diagnosis.Itoa(int64(in.Timeout/second))
	if !now.Assumed {
		from = now.Value
	}
	to := max(usual, 3*int64(p.Duration("repl-ping-replica-period")/second))
	return diagnosis.Recommendation{
		Instance: r.Name, Setting: "repl-timeout", From: from, To: diagnosis.Itoa(to), Command: everywhere(in.Incident, "repl-timeout", diagnosis.Itoa(to)),
		Why:  fmt.Sprintf("%s gives its link up after %s s without a word, and %s pings every %s s only: an idle link is lost to that with nothing wrong", r.Name, from, p.Name, p.Value("repl-ping-replica-period")),
		Cost: "a peer that is really gone is noticed as much later",
	}, true
}

// largerCommands is for a replica that lets no client send what its primary sends: the limit of the primary, or the default where that is no
// larger or not known.
func largerCommands(in *situation) (diagnosis.Recommendation, bool) {
	const name, usual = "client-query-buffer-limit", 1 << 30 // redis 7.4.1 config.c
	r, p := in.suspectReplica(), in.Primary
	var said *timeline.Event
	for e := range in.Said(r) {
		if replication.ClosedPrimary(e) {
			said = e
		}
	}
	if said == nil {
		return diagnosis.Recommendation{}, false
	}
	now, known := table.ParseSize(r.Value(name))
	rec := diagnosis.Recommendation{
		Instance: r.Name, Setting: name, From: r.Value(name), To: "more than the largest command", Command: cli(r) + " CONFIG GET " + name, Cost: "one client may take as much of its memory",
		Why: fmt.Sprintf("%s lets no client send a command that large, and from its primary it comes again after each resync: %q", r.Name, diagnosis.Shorten(said.Text, 80)),
	}
	to := int64(usual)
	if n, ok := table.ParseSize(p.Value(name)); ok {
		to = max(to, n)
	}
	if !known || now < to {
		rec.To = diagnosis.SizeWord(to)
		rec.Command = configSet(r, name, rec.To)
	}
	return rec, true
}

func checkTopology(in *situation) (diagnosis.Recommendation, bool) {
	for _, instead := range []func(*situation) (diagnosis.Recommendation, bool){waitLonger, largerCommands} {
		if rec, ok := instead(in); ok {
			return rec, true
		}
	}
	r, p := in.suspectReplica(), in.Primary
	rec := diagnosis.Recommendation{Instance: r.Name, Setting: "replicaof", From: replication.PrimaryAddr(r), To: "an address of the primary that " + r.Name + " reaches", Cost: noCost, Why: "the link is impossible as it is set up"}
	for _, o := range in.Outages {
		if o.Replica == r && len(o.Failures) > 0 {
			rec.Why += fmt.Sprintf(": %q", diagnosis.Shorten(o.Failures[0].Text, 120))
			break
		}
	}
	word := "REPLICAOF"
	if !r.Can(timeline.SaysReplica) && !p.Can(timeline.SaysReplica) {
		word = "SLAVEOF"
	}
	target := "HOST PORT"
	if len(p.Addrs) > 0 && p.Addrs[0] != rec.From {
		if ip, port, err := net.SplitHostPort(p.Addrs[0]); err == nil && plainWord(ip) && plainWord(port) {
			target = ip + " " + port
		}
	}
	rec.Command = fmt.Sprintf("%s %s %s", cli(r), word, target)
	if target == "HOST PORT" {
		rec.Command = later("with the address that it reaches", rec.Command)
	}
	rec.Command = cli(r) + " ROLE\n" + rec.Command
	return rec, true
}

func lockDown(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	r := diagnosis.Recommendation{
		Instance: p.Name, Setting: "access", From: "open", To: "a password, private addresses, protected-mode",
		Command: fmt.Sprintf("%s CONFIG SET protected-mode yes\n%s", cli(p), configSet(p, "requirepass", password("NEW_PASSWORD"))),
		Why:     "somebody who should not has commanded the server: take it off the net, look at cron, ssh keys and loaded modules on its host, and trust neither", Cost: "clients need the password",
	}
	if p.Can(timeline.GuardsConfig) {
		r.Why += "; from 7.0 enable-protected-configs no keeps dir and dbfilename from being set at run time"
	}
	return r, true
}

func raiseMaxclients(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	s := p.Setting("maxclients")
	now, ok := table.ParseSize(s.Value)
	if !ok {
		for i := len(p.Samples) - 1; i >= 0 && !ok; i-- {
			if n := p.Samples[i].MaxClients; n.Known() {
				now, ok = int64(n), true
			}
		}
	}
	if !ok {
		now = 10000 // the default since 2.6 (redis 7.4.1 config.c)
	}
	most := int64(0)
	for i := range p.Samples {
		most = max(most, p.Samples[i].ConnectedClients.Or(0))
	}
	to := max(2*now, most*2)
	for e := range in.Said(p) {
		if replication.TooManyFiles(e) { // the limit is the system's: the server refuses a maxclients beyond it
			return diagnosis.Recommendation{
				Instance: p.Name, Setting: "open files (RLIMIT_NOFILE)", To: diagnosis.Itoa(to + 32), Cost: "find who opens so many first (CLIENT LIST)",
				Why:     fmt.Sprintf("the process had no file descriptor left: %q; it keeps 32 for itself beside those of its clients (redis 7.4.1 server.h CONFIG_MIN_RESERVED_FDS)", diagnosis.Shorten(e.Text, 80)),
				Command: fmt.Sprintf("prlimit --pid %s --nofile=%d:%d\n# and for its next start: LimitNOFILE=%d in its unit (systemctl edit redis-server), or ulimit -n before it", in.processOf(p), to+32, to+32, to+32),
			}, true
		}
	}
	r := diagnosis.Recommendation{
		Instance: p.Name, Setting: "maxclients", From: diagnosis.Itoa(now), To: diagnosis.Itoa(to), Command: configSet(p, "maxclients", diagnosis.Itoa(to)) + fmt.Sprintf("\n# on its host, where it may not open as many files: prlimit --pid PID --nofile=%d:%d", to+32, to+32),
		Why: fmt.Sprintf("the replica's connection was refused at the limit of %s", diagnosis.BytesOf(now)), Cost: "a file descriptor and some KiB for each client: find who opens so many first (CLIENT LIST)",
	}
	if most > 0 {
		r.Why += fmt.Sprintf("; up to %s clients were connected", diagnosis.BytesOf(most))
	}
	return r, true
}

func askWho(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	r := diagnosis.Recommendation{Instance: p.Name, Setting: "change by a person", To: "an announced one", Cost: noCost, Command: cli(p) + " CLIENT LIST\n" + cli(p) + " SLOWLOG GET 128", Why: "somebody did it by hand"}
	if b := in.Verdict.Best; b != nil {
		r.Instance = b.Suspect.Name
		if s := b.Summary(); s != "" {
			r.Why += ": " + s
		}
	}
	if p.Can(timeline.HasACL) {
		r.Command += "\n" + cli(p) + " ACL LOG"
	}
	return r, true
}

// breakStorm is the order of steps that ends a storm while it turns: as long as several replicas ask, each one's fork
// costs the others their links.
func breakStorm(in *situation) (diagnosis.Recommendation, bool) {
	l, storm := in.Loop, in.Storm
	if l == nil || !storm || l.Kind != diagnosis.ForkCascade || in.chosen != 0 {
		return diagnosis.Recommendation{}, false
	}
	p := in.Primary
	var reps []*timeline.Host
	for _, o := range in.Outages {
		if !o.Promoted && !slices.Contains(reps, o.Replica) {
			reps = append(reps, o.Replica)
		}
	}
	if len(reps) < 2 {
		return diagnosis.Recommendation{}, false
	}
	slices.SortFunc(reps, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
	word := "REPLICAOF"
	if !p.Can(timeline.SaysReplica) {
		word = "SLAVEOF"
	}
	target := "PRIMARY 6379"
	if a := replication.PrimaryAddr(reps[0]); a != "" {
		if ip, port, err := net.SplitHostPort(a); err == nil && plainWord(ip) && plainWord(port) {
			target = ip + " " + port
		}
	}
	var c []string
	c = append(c, "1. one replica only: the others stop asking (they keep their data and serve it as it is)")
	for _, h := range reps[1:] {
		c = append(c, fmt.Sprintf("%s %s NO ONE", cli(h), word))
	}
	c = append(c, "2. room for the first: limits on the primary and on "+reps[0].Name)
	if n := in.plan; n.Recommended > n.Backlog {
		c = append(c, fmt.Sprintf("%s CONFIG SET repl-backlog-size %d", cli(p), n.Recommended))
	}
	fork, _ := p.LongestFork()
	to := max((int64(fork/second)*2+4)/5*5, int64(p.Duration("repl-timeout")/second))
	for _, h := range append([]*timeline.Host{p}, reps...) {
		c = append(c, fmt.Sprintf("%s CONFIG SET repl-timeout %d", cli(h), to))
	}
	c = append(c, "3. wait until "+reps[0].Name+" is online", cli(p)+" INFO replication", "4. let the others in one by one, each when the one before it is online")
	for _, h := range reps[1:] {
		c = append(c, fmt.Sprintf("%s %s %s", cli(h), word, target))
	}
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "topology", From: fmt.Sprintf("%d replicas at once", len(reps)), To: "one after the other", Command: "# by hand, a step at a time:\n# " + strings.Join(c, "\n# "),
		Why:  fmt.Sprintf("each full resync's fork holds the primary for %s and the other replicas lose their links behind it, %d rounds every %s so far; with one replica at a time nobody is lost to a fork", diagnosis.Length(fork), l.Rounds, diagnosis.LengthS(l.PeriodS)),
		Cost: "replicas that wait serve old data, and take writes: keep clients off them; with Sentinel, raise down-after-milliseconds or stop it first, or it re-points them",
	}, true
}
