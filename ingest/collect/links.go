package collect

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// links is what an INFO says of a server's replication. What a dump of few sections does not say stays as it was.
type links struct {
	role     string // master, slave or sentinel, as servers write it
	up       bool   // its link to its primary
	primary  string // of a replica: whose it is
	syncing  bool   // a full resync is under way on that link
	process  string // run_id
	full     int64  // sync_full, -1 where it was not told
	online   map[string]bool
	attached map[string]bool // online or on the way to it
}

// linksOf reads an INFO; before is what was known.
func linksOf(info string, before links) links {
	now := before
	if id := fieldOf(info, "run_id"); id != "" {
		now.process = id
	}
	if n, err := strconv.ParseInt(fieldOf(info, "sync_full"), 10, 64); err == nil {
		now.full = n
	}
	if fieldOf(info, "sentinel_masters") != "" {
		now.role = "sentinel"
	}
	role := fieldOf(info, "role")
	if role == "" {
		return now
	}
	now.role = role
	now.up = fieldOf(info, "master_link_status") == "up"
	now.syncing = fieldOf(info, "master_sync_in_progress") == "1"
	now.primary = ""
	if host := fieldOf(info, "master_host"); host != "" {
		now.primary = host + ":" + fieldOf(info, "master_port")
	}
	now.online, now.attached = map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(info) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok || !numbered(key, "slave") {
			continue
		}
		f := pairsOf(value)
		addr := f["ip"] + ":" + f["port"]
		now.attached[addr] = true
		if f["state"] == "online" {
			now.online[addr] = true
		}
	}
	return now
}

// settled reports whether nothing is broken or under way, as far as this server sees.
func (l links) settled() bool {
	if l.role == "slave" && (!l.up || l.syncing) {
		return false
	}
	return len(l.online) == len(l.attached)
}

// change is something that happened between two looks; trouble is what a capture is begun for.
type change struct {
	what    string
	trouble bool
}

// changes are what differs between two looks at a server of which something was known before.
func changes(before, now links) []change {
	var out []change
	add := func(trouble bool, format string, args ...any) {
		out = append(out, change{fmt.Sprintf(format, args...), trouble})
	}
	switch {
	case before.process != "" && now.process != before.process:
		add(true, "it was started anew")
	case before.full >= 0 && now.full > before.full:
		add(true, "%d full resyncs were granted", now.full-before.full)
	}
	if before.role != now.role {
		add(true, "its role is %s, and was %s", roleWord(now.role), roleWord(before.role))
		return out
	}
	if before.primary != now.primary {
		add(true, "it follows %s, and followed %s", now.primary, before.primary)
	}
	switch {
	case before.up && !now.up:
		add(true, "its link to the primary is down")
	case !before.up && now.up:
		add(false, "its link to the primary is up")
	}
	for _, addr := range slices.Sorted(maps.Keys(before.online)) {
		switch {
		case !now.attached[addr]:
			add(true, "its replica %s is gone", addr)
		case !now.online[addr]:
			add(true, "its replica %s is not online", addr)
		}
	}
	for _, addr := range slices.Sorted(maps.Keys(now.online)) {
		if !before.online[addr] {
			add(false, "its replica %s is online", addr)
		}
	}
	return out
}

// roleWord is the field's word for what old servers call master and slave.
func roleWord(role string) string {
	switch role {
	case "master":
		return "primary"
	case "slave":
		return "replica"
	}
	return role
}
