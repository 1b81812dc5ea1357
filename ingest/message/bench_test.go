package message

import (
	"strings"
	"testing"
)

// What a busy log is made of, by the kinds that come often.
var benchHits = []string{
	"10000 changes in 60 seconds. Saving...",
	"Background saving started by pid 17147",
	"DB saved on disk",
	"Fork CoW for RDB: current 474 MB, peak 480 MB, average 301 MB",
	"Background saving terminated with success",
	"Connection with replica 10.20.0.7:6379 lost.",
	"Replica 10.20.0.7:6379 asks for synchronization",
	"Unable to partial resync with replica 10.20.0.7:6379 for lack of backlog (Replica request was: 881203).",
	"Partial resynchronization request from 10.20.0.7:6379 accepted. Sending 1522 bytes of backlog starting from offset 881203.",
	"Starting BGSAVE for SYNC with target: disk",
	"MASTER <-> REPLICA sync: Loading DB in memory",
	"Trying a partial resynchronization (request 5f0c6be1d2a94b3c8e7f60514233241506f7e8d9:881203).",
	"Error condition on socket for SYNC: Connection refused",
	"+sdown slave 10.20.0.7:6379 10.20.0.7 6379 @ orders 10.20.0.5 6379",
	"Accepted 10.20.0.9:41002",
	"Client closed connection",
	"DB 0: 120411 keys (3 volatile) in 131072 slots HT.",
	"Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down Redis.",
	"Client id=31 addr=10.20.0.7:51814 fd=9 name= age=661 idle=2 flags=S db=0 sub=0 psub=0 multi=-1 qbuf=0 qbuf-free=0 obl=0 oll=16203 omem=268447264 events=rw cmd=psync scheduled to be closed ASAP for overcoming of output buffer limits.",
}

var benchMisses = []string{
	"<search> loaded 12 indexes",
	"some text of a script, by redis.log()",
	"Connected to a thing that no one knows",
	"User 12 logged in from somewhere",
}

func BenchmarkMatch(b *testing.B) {
	for _, set := range []struct {
		name string
		msgs []string
	}{{"hits", benchHits}, {"misses", benchMisses}} {
		b.Run(set.name, func(b *testing.B) {
			msgs := make([][]byte, len(set.msgs))
			for i, s := range set.msgs {
				msgs[i] = []byte(s)
			}
			c := Default()
			var m Match
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				c.Match(msgs[i], &m)
				if i++; i == len(msgs) {
					i = 0
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}

// A Match that is used again costs no allocation, whatever the message.
func TestMatchAllocatesNothing(t *testing.T) {
	var m Match
	c := Default()
	for _, s := range append(append([]string{
		`MASTER \<-\> REPLICA sync started`, "+switch-master orders fd00::5 6379 fd00::7 6379", strings.Repeat("x ", 500),
	}, benchHits...), benchMisses...) {
		msg := []byte(s)
		c.Match(msg, &m)
		if n := testing.AllocsPerRun(20, func() { c.Match(msg, &m) }); n > 0 {
			t.Errorf("%v allocations for %q", n, s)
		}
	}
}
