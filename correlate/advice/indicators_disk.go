package advice

import (
	"fmt"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// snapshotFailing: the next full resync over disk will fail as well.
func snapshotFailing(g *view, h *timeline.Host) (sign, bool) {
	for i := range h.Samples {
		if s := &h.Samples[i]; s.RDBLastStatus == "err" {
			return sign{s.At, "rdb_last_bgsave_status is err: the last snapshot could not be written, and a full resync over disk would meet the same", []diagnosis.Evidence{s.Evidence("rdb_last_bgsave_status:err")}}, true
		}
	}
	return sign{}, false
}

func aofErrors(g *view, h *timeline.Host) (sign, bool) {
	var out sign
	var say []string
	add := func(at micros, text string, ev diagnosis.Evidence) {
		if len(say) == 0 {
			out.at = at
		}
		say = append(say, text)
		out.evidence = append(out.evidence, ev)
	}
	for i := range h.Samples {
		if s := &h.Samples[i]; s.AOFLastWrite == "err" {
			add(s.At, "aof_last_write_status is err: the server refuses writes until it can write again", s.Evidence("aof_last_write_status:err"))
			break
		}
	}
	for i := range h.Samples {
		if s := &h.Samples[i]; s.AOFLastRewrite == "err" {
			add(s.At, "aof_last_bgrewrite_status is err", s.Evidence("aof_last_bgrewrite_status:err"))
			break
		}
	}
	n := int64(0)
	var first *timeline.Event
	for i := range h.Events {
		if e := &h.Events[i]; e.Is(message.FsyncTrouble) {
			n += e.Count.Or(1)
			if first == nil {
				first = e
			}
		}
	}
	if first != nil {
		add(first.At, fmt.Sprintf("the log complains of the append-only file %s: %q", diagnosis.Plural(n, "time", "times"), diagnosis.Shorten(first.Text, 100)), first.Evidence())
	}
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		if a.RunID == b.RunID && a.AOFDelayedFsync.Known() && b.AOFDelayedFsync > a.AOFDelayedFsync {
			last := &h.Samples[len(h.Samples)-1]
			add(b.At, fmt.Sprintf("aof_delayed_fsync rose to %d: each held a write for two seconds or more", last.AOFDelayedFsync.Or(int64(b.AOFDelayedFsync))), b.Evidence("aof_delayed_fsync:"+diagnosis.Itoa(int64(b.AOFDelayedFsync))))
			break
		}
	}
	out.summary = strings.Join(say, "; ")
	return out, len(say) > 0
}
