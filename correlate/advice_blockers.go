package correlate

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Advice where no full resync could succeed, and in a storm.

// forkRefused is the log's line about a fork that failed in the incident and says this.
func (in *incident) forkRefused(what string) *event {
	p := in.primary
	for i := range p.events {
		e := &p.events[i]
		if e.Kind != message.ForkFailedRdb && e.Kind != message.ForkFailedAof && e.Kind != message.ForkFailedModule || !in.during(e) {
			continue
		}
		if strings.Contains(e.Text, what) {
			return e
		}
	}
	return nil
}

func processLimit(in *situation) (Recommendation, bool) {
	// EAGAIN: fork(2) gives it at RLIMIT_NPROC, a cgroup's pids.max or the kernel's limit of threads.
	e := in.forkRefused("Resource temporarily unavailable")
	if e == nil {
		return Recommendation{}, false
	}
	p := in.primary
	pid := "$(pidof redis-server)"
	if s := p.lastSampleBefore(in.start); s != nil && s.ProcessID.Known() {
		pid = itoa(int64(s.ProcessID))
	}
	return Recommendation{
		Instance: p.name, Setting: "process limit", To: "more processes", Command: fmt.Sprintf("prlimit --pid %s --nproc=65536:65536\ncat /proc/%s/cgroup # then pids.max there", pid, pid),
		Why: fmt.Sprintf("fork failed with %q: a limit of processes (ulimit -u, TasksMax, pids.max) and not of memory", shorten(e.Text, 100)), Cost: noCost,
	}, true
}

func overcommit(in *situation) (Recommendation, bool) {
	p := in.primary
	if in.forkRefused("Resource temporarily unavailable") != nil {
		return Recommendation{}, false
	}
	w, started := p.warned(message.OvercommitWarning)
	if w == nil && started {
		return Recommendation{}, false // it would have said so at its start
	}
	r := Recommendation{
		Instance: p.name, Setting: "vm.overcommit_memory", From: "unknown", To: "1", Command: "sysctl vm.overcommit_memory=1\necho vm.overcommit_memory=1 >> /etc/sysctl.conf",
		Why: "fork was refused for want of memory; the child shares the parent's pages, but without overcommit the kernel counts them twice", Cost: "the kernel promises more than it has: keep maxmemory below the host's memory",
	}
	if w != nil {
		r.From = "0"
		r.Why += ", and the log of " + p.name + " warns of it"
	}
	return r, true
}

func moreMemory(in *situation) (Recommendation, bool) {
	p := in.primary
	if in.forkRefused("Resource temporarily unavailable") != nil {
		return Recommendation{}, false
	}
	s := p.lastSampleBefore(in.start)
	r := Recommendation{
		Instance: p.name, Setting: "memory", To: "room for copy-on-write", Command: "free -m", Cost: "memory, or a smaller data set",
		Why: "a snapshot needs room for the pages that are written while it is made",
	}
	if s == nil || !s.UsedMemory.Known() || !s.TotalSystemMemory.Known() || s.TotalSystemMemory <= 0 {
		return r, true
	}
	if s.UsedMemory*4 < s.TotalSystemMemory {
		return r, false // with the data below a quarter of the memory there is room for as much again
	}
	r.From = amount(int64(s.TotalSystemMemory))
	r.Why += fmt.Sprintf(": %s of data on a host with %s", amount(int64(s.UsedMemory)), amount(int64(s.TotalSystemMemory)))
	return r, true
}

func freeDisk(in *situation) (Recommendation, bool) {
	p := in.primary
	var e *event
	var on *host
	for _, h := range in.g.hosts {
		for i := range h.events {
			x := &h.events[i]
			if failedSave(x) && in.during(x) && (e == nil || more(x.Text, e.Text)) {
				e, on = x, h
			}
		}
	}
	if on == nil {
		on = p
	}
	dir := on.from("dir")
	if !plainWord(dir) {
		dir = "DIR"
	}
	r := Recommendation{
		Instance: on.name, Setting: "disk", To: "a place that takes the snapshot", Cost: "disk", Command: fmt.Sprintf("df -h %s\ndf -i %s\nls -ld %s", dir, dir, dir),
		Why: "the snapshot could not be written",
	}
	b := in.verdict.best
	if e == nil && (b == nil || b.cause.Kind != "save-failed") {
		return r, false
	}
	if e == nil {
		r.Why += "; its log does not say why: " + b.summary()
	} else {
		r.Why += fmt.Sprintf(": %q", shorten(e.Text, 120))
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

// more tells whether a text names an error of the system where the other does not.
func more(a, b string) bool {
	named := func(s string) bool {
		return strings.Contains(s, "No space") || strings.Contains(s, "Read-only") || strings.Contains(s, "Permission denied") || strings.Contains(s, "No such file")
	}
	return named(a) && !named(b)
}

func checkRDB(in *situation) (Recommendation, bool) {
	r := in.suspectReplica()
	rec := Recommendation{Instance: r.name, Setting: "dump file", To: "one that loads", Cost: noCost, Why: "the snapshot broke on its way or could not be loaded"}
	tool := "redis-check-rdb"
	if f, _ := r.version(); f == "valkey" {
		tool = "valkey-check-rdb"
	}
	dir, name := r.from("dir"), cmp.Or(r.from("dbfilename"), "dump.rdb")
	if !plainWord(dir) || !plainWord(name) {
		dir, name = "DIR", "dump.rdb"
	}
	rec.Command = fmt.Sprintf("%s %s/%s", tool, strings.TrimSuffix(dir, "/"), name)
	for _, o := range in.outages {
		for _, e := range o.failures {
			if o.replica == r && strings.HasPrefix(e.Kind, "rdb-load-") {
				rec.Why += fmt.Sprintf(": %q", shorten(e.Text, 120))
				if e.Kind == message.RdbLoadModuleMissing {
					rec.Setting, rec.To = "modules", "those of the primary"
					rec.Command = r.cli() + " MODULE LIST"
				}
				return rec, true
			}
		}
	}
	return rec, true
}

// suspectReplica is the replica the verdict names, else the first that was affected, else the primary.
func (in *situation) suspectReplica() *host {
	if b := in.verdict.best; b != nil && b.suspect != nil {
		return b.suspect
	}
	if w := in.wave; len(w) > 0 {
		return w[0].replica
	}
	return in.primary
}

func upgradeReplica(in *situation) (Recommendation, bool) {
	r, p := in.suspectReplica(), in.primary
	_, rv := r.version()
	pf, pv := p.version()
	if pv == "" {
		pf, pv = "the primary's", "version"
	}
	return Recommendation{
		Instance: r.name, Setting: "version", From: rv, To: pf + " " + pv + " or later", Command: r.cli() + " INFO server", Cost: "an upgrade of the replica",
		Why: fmt.Sprintf("%s cannot read what %s sends: a replica may be newer than its primary, never older", r.name, p.name),
	}, true
}

// ---- access ----

func setMasterauth(in *situation) (Recommendation, bool) {
	r, p := in.suspectReplica(), in.primary
	rec := Recommendation{
		Instance: r.name, Setting: "masterauth", To: "the primary's password", Cost: noCost,
		Command: fmt.Sprintf("%s CONFIG SET masterauth PASSWORD\n%s CONFIG REWRITE", r.cli(), r.cli()), Why: "the primary refused the replica's credentials",
	}
	var said *event
	refused := replies(authWords...)
	for _, o := range in.outages {
		for _, e := range o.failures {
			if o.replica == r && said == nil && refused(e) {
				said = e
			}
		}
	}
	if said == nil {
		return rec, true
	}
	rec.Why += fmt.Sprintf(" (%q, %s)", shorten(said.Text, 120), plural(int64(len(in.outages[0].failures)), "time", "times"))
	switch t := said.Text; {
	case strings.Contains(t, "NOPERM"):
		user := r.from("masteruser")
		if !plainWord(user) {
			user = "USER"
		}
		rec.Instance, rec.Setting, rec.To = p.name, "ACL of the replication user", "+psync +replconf +ping"
		rec.Command = fmt.Sprintf("%s ACL SETUSER %s +psync +replconf +ping\n%s CONFIG REWRITE # or ACL SAVE", p.cli(), user, p.cli())
	case strings.Contains(t, "protected mode"):
		rec.Instance, rec.Setting, rec.From, rec.To = p.name, "requirepass", "none", "a password, on both sides"
		rec.Command = fmt.Sprintf("%s CONFIG SET masterauth PASSWORD\n%s CONFIG SET requirepass PASSWORD\n%s CONFIG REWRITE", r.cli(), p.cli(), p.cli())
	case strings.Contains(t, "SSL") || strings.Contains(t, "TLS") || strings.Contains(t, "certificate"):
		rec.Setting, rec.To = "tls-replication", "certificates that both sides trust"
		rec.Command = r.cli() + " CONFIG GET 'tls-*'\n" + p.cli() + " CONFIG GET 'tls-*'"
	}
	return rec, true
}

func checkTopology(in *situation) (Recommendation, bool) {
	r, p := in.suspectReplica(), in.primary
	rec := Recommendation{Instance: r.name, Setting: "replicaof", From: primaryAddr(r), To: "an address of the primary that " + r.name + " reaches", Cost: noCost, Why: "the link is impossible as it is set up"}
	for _, o := range in.outages {
		if o.replica == r && len(o.failures) > 0 {
			rec.Why += fmt.Sprintf(": %q", shorten(o.failures[0].Text, 120))
			break
		}
	}
	word := "REPLICAOF"
	if !r.atLeast(5, 0) && !p.atLeast(5, 0) {
		word = "SLAVEOF"
	}
	target := "HOST PORT"
	if len(p.addrs) > 0 && p.addrs[0] != rec.From {
		if ip, port, err := net.SplitHostPort(p.addrs[0]); err == nil && plainWord(ip) && plainWord(port) {
			target = ip + " " + port
		}
	}
	rec.Command = fmt.Sprintf("%s ROLE\n%s %s %s", r.cli(), r.cli(), word, target)
	return rec, true
}

func lockDown(in *situation) (Recommendation, bool) {
	p := in.primary
	r := Recommendation{
		Instance: p.name, Setting: "access", From: "open", To: "a password, private addresses, protected-mode",
		Command: fmt.Sprintf("%s CONFIG SET protected-mode yes\n%s CONFIG SET requirepass PASSWORD\n%s CONFIG REWRITE", p.cli(), p.cli(), p.cli()),
		Why:     "somebody who should not has commanded the server: take it off the net, look at cron, ssh keys and loaded modules on its host, and trust neither", Cost: "clients need the password",
	}
	if p.atLeast(7, 0) {
		r.Why += "; from 7.0 enable-protected-configs no keeps dir and dbfilename from being set at run time"
	}
	return r, true
}

func raiseMaxclients(in *situation) (Recommendation, bool) {
	p := in.primary
	s := p.setting("maxclients")
	now, ok := table.ParseSize(s.Value)
	if !ok {
		for i := len(p.samples) - 1; i >= 0 && !ok; i-- {
			if n := p.samples[i].MaxClients; n.Known() {
				now, ok = int64(n), true
			}
		}
	}
	if !ok {
		now = 10000 // the default since 2.6 (redis 7.4.1 config.c)
	}
	most := int64(0)
	for i := range p.samples {
		most = max(most, p.samples[i].ConnectedClients.Or(0))
	}
	to := max(2*now, most*2)
	r := Recommendation{
		Instance: p.name, Setting: "maxclients", From: itoa(now), To: itoa(to), Command: p.configSet("maxclients", itoa(to)) + fmt.Sprintf("\nprlimit --pid $(pidof redis-server) --nofile=%d:%d", to+32, to+32),
		Why: fmt.Sprintf("the replica's connection was refused at the limit of %s", bytesOf(now)), Cost: "a file descriptor and some KiB for each client: find who opens so many first (CLIENT LIST)",
	}
	if most > 0 {
		r.Why += fmt.Sprintf("; up to %s clients were connected", bytesOf(most))
	}
	return r, true
}

func askWho(in *situation) (Recommendation, bool) {
	p := in.primary
	r := Recommendation{Instance: p.name, Setting: "change by a person", To: "an announced one", Cost: noCost, Command: p.cli() + " CLIENT LIST\n" + p.cli() + " SLOWLOG GET 128", Why: "somebody did it by hand"}
	if b := in.verdict.best; b != nil {
		r.Instance = b.suspect.name
		if s := b.summary(); s != "" {
			r.Why += ": " + s
		}
	}
	if p.atLeast(6, 0) {
		r.Command += "\n" + p.cli() + " ACL LOG"
	}
	return r, true
}

// breakStorm is the order of steps that ends a storm while it turns: as long as several replicas ask, each one's fork
// costs the others their links.
func breakStorm(in *situation) (Recommendation, bool) {
	l, storm := in.loop, in.storm
	if l == nil || !storm || l.Kind != "fork-cascade" {
		return Recommendation{}, false
	}
	p := in.primary
	var reps []*host
	for _, o := range in.outages {
		if !o.promoted && !slices.Contains(reps, o.replica) {
			reps = append(reps, o.replica)
		}
	}
	if len(reps) < 2 {
		return Recommendation{}, false
	}
	slices.SortFunc(reps, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	word := "REPLICAOF"
	if !p.atLeast(5, 0) {
		word = "SLAVEOF"
	}
	target := "PRIMARY 6379"
	if a := primaryAddr(reps[0]); a != "" {
		if ip, port, err := net.SplitHostPort(a); err == nil && plainWord(ip) && plainWord(port) {
			target = ip + " " + port
		}
	}
	var c []string
	c = append(c, "# 1. one replica only: the others stop asking (they keep their data and serve it as it is)")
	for _, h := range reps[1:] {
		c = append(c, fmt.Sprintf("%s %s NO ONE", h.cli(), word))
	}
	c = append(c, "# 2. room for the first: limits on the primary and on "+reps[0].name)
	if n := in.plan; n != nil && n.recommended > n.backlog {
		c = append(c, fmt.Sprintf("%s CONFIG SET repl-backlog-size %d", p.cli(), n.recommended))
	}
	fork, _ := p.longestFork()
	to := max((int64(fork/second)*2+4)/5*5, int64(p.duration("repl-timeout")/second))
	for _, h := range append([]*host{p}, reps...) {
		c = append(c, fmt.Sprintf("%s CONFIG SET repl-timeout %d", h.cli(), to))
	}
	c = append(c, "# 3. wait until "+reps[0].name+" is online", p.cli()+" INFO replication", "# 4. let the others in one by one, each when the one before it is online")
	for _, h := range reps[1:] {
		c = append(c, fmt.Sprintf("%s %s %s", h.cli(), word, target))
	}
	return Recommendation{
		Instance: p.name, Setting: "topology", From: fmt.Sprintf("%d replicas at once", len(reps)), To: "one after the other", Command: strings.Join(c, "\n"),
		Why:  fmt.Sprintf("each full resync's fork holds the primary for %s and the other replicas lose their links behind it, %d rounds every %s so far; with one replica at a time nobody is lost to a fork", length(fork), l.Rounds, length(micros(l.PeriodS*float64(second)))),
		Cost: "replicas that wait serve old data, and take writes: keep clients off them; with Sentinel, raise down-after-milliseconds or stop it first, or it re-points them",
	}, true
}
