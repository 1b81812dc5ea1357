package collect

import (
	"context"
	"sync"
	"time"
)

const (
	// glanceEvery is from one look at a server's links to the next, as long as nothing happens; each tenth look is a whole INFO.
	glanceEvery = time.Second
	wholeEvery  = 10
	// calm is how long all links must have been well for an incident to be over: a replica that is refused, or drops its primary again, tries anew each
	// second (redis 7.4.1 replication.c replicationCron).
	calm = 5 * time.Second
	// awaited is how long a server that does not answer is waited for when all else is well: after the default repl-timeout it has no link to return to.
	awaited = 60 * time.Second
)

// watch is what all servers' links look like, whether something happened to them, and whether it is over. It decides by what servers say of
// themselves and of one another, never by how a capture should look.
type watch struct {
	mu       sync.Mutex
	happened chan struct{} // closed when something has; from the beginning where nobody waits for it
	waiting  bool
	seen     map[*sampler]*seen
	calmFrom time.Time
}

// seen is the last look at a server.
type seen struct {
	links links
	away  time.Time // since when it does not answer; zero where it does
}

func newWatch(wait bool) *watch {
	w := &watch{happened: make(chan struct{}), waiting: wait, seen: map[*sampler]*seen{}}
	if !wait {
		close(w.happened)
	}
	return w
}

// still reports whether nothing has happened yet.
func (w *watch) still() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting
}

// answered takes in an INFO, and says what changed.
func (w *watch) answered(s *sampler, info string) []change {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.seen[s]
	if last == nil {
		now := linksOf(info, links{full: -1})
		if now.role != "" {
			w.seen[s] = &seen{links: now}
		}
		return nil
	}
	now := linksOf(info, last.links)
	out := changes(last.links, now)
	last.links, last.away = now, time.Time{}
	return out
}

// unanswered notes that a server was asked in vain.
func (w *watch) unanswered(s *sampler, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last := w.seen[s]; last != nil && last.away.IsZero() {
		last.away = at
	}
}

// isSentinel reports whether a server is one, by its own word.
func (w *watch) isSentinel(s *sampler) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.seen[s]
	return last != nil && last.links.role == "sentinel"
}

// begin tells everybody that something happened.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting {
		w.waiting = false
		close(w.happened)
	}
}

// over reports whether all has been well for a while.
func (w *watch) over(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	well, someoneAway := true, false
	for _, s := range w.seen {
		switch {
		case s.links.role == "sentinel":
		case !s.away.IsZero():
			someoneAway = true
		default:
			well = well && s.links.settled()
		}
	}
	if !well {
		w.calmFrom = time.Time{}
		return false
	}
	if w.calmFrom.IsZero() {
		w.calmFrom = now
	}
	if someoneAway {
		return now.Sub(w.calmFrom) >= awaited
	}
	return now.Sub(w.calmFrom) >= calm
}

// untilOver waits for something to happen and then for its end, at most for long.
func (w *watch) untilOver(ctx context.Context, long time.Duration) {
	select {
	case <-ctx.Done():
		return
	case <-w.happened:
	}
	limit := time.NewTimer(long)
	defer limit.Stop()
	look := time.NewTicker(glanceEvery / 4)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-limit.C:
			return
		case now := <-look.C:
			if w.over(now) {
				return
			}
		}
	}
}
