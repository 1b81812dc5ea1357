package collect

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
)

// Bounds on one reply. go-redis makes room for what a server claims before it comes (v9.23 internal/proto/reader.go), so a
// claim is held against these before go-redis sees it.
const (
	// maxReply is far beyond the largest that is asked for: CLIENT LIST of a thousand clients is 400 KB, INFO with ten thousand replicas 1 MB.
	maxReply = 64 << 20
	// maxReplyItems is beyond CONFIG GET * (some 500) and the most that is asked of a slowlog: mostSlowlog lists of 6, each with a list of at most 32 arguments
	// (redis 7.4.1 slowlog.h SLOWLOG_ENTRY_MAX_ARGC).
	maxReplyItems = 1 << 20
	// maxReplyDepth is beyond the three levels of a slowlog, which nests deepest of what is asked for: the list, its entries, their arguments.
	maxReplyDepth = 8
	// maxReplyHead is beyond every error and status: a server cuts them at some hundred bytes.
	maxReplyHead = 64 << 10
)

// badReply is the error of a reply beyond the bounds. It wraps nothing: go-redis tells what an error wraps in its place.
func badReply(format string, args ...any) error {
	return errors.New("no reply that a server would send: " + fmt.Sprintf(format, args...))
}

// guarded is a connection whose replies are held to the bounds. It follows the wire protocol's frames (RESP2 and RESP3) and looks no further.
type guarded struct {
	net.Conn
	frames frames
}

func (g *guarded) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if bad := g.frames.take(b[:n]); bad != nil {
		g.Conn.Close()
		return 0, bad
	}
	return n, err
}

// frames follows where in a reply the next byte is.
type frames struct {
	bytes, items int64
	left         []int64 // of each open list: elements to come
	head         []byte  // of the element that is being read
	body         int64   // bytes of a bulk still to come, with its line end
}

func (f *frames) take(b []byte) error {
	f.bytes += int64(len(b))
	for len(b) > 0 {
		if f.bytes > maxReply {
			return badReply("more than %d bytes", int64(maxReply))
		}
		if f.body > 0 {
			n := min(f.body, int64(len(b)))
			f.body -= n
			if b = b[n:]; f.body == 0 {
				f.ended(int64(len(b)))
			}
			continue
		}
		c := b[0]
		b = b[1:]
		if c != '\n' {
			if f.head = append(f.head, c); len(f.head) > maxReplyHead {
				return badReply("a line of more than %d bytes", maxReplyHead)
			}
			continue
		}
		if err := f.begins(int64(len(b))); err != nil {
			return err
		}
	}
	return nil
}

// begins reads an element's first line; behind is how many bytes have come behind it.
func (f *frames) begins(behind int64) error {
	head := f.head
	f.head = f.head[:0]
	if n := len(head); n > 0 && head[n-1] == '\r' {
		head = head[:n-1]
	}
	if len(head) == 0 {
		return badReply("an empty line")
	}
	n, err := strconv.ParseInt(string(head[1:]), 10, 64)
	switch head[0] {
	case '+', '-', ':', '_', ',', '#', '(':
		f.ended(behind)
		return nil
	case '$', '=', '!':
		switch {
		case err != nil || n > maxReply || n < -1:
			return badReply("it claims %q bytes", short(head[1:]))
		case n < 0:
			f.ended(behind)
		default:
			f.body = n + 2
		}
		return nil
	case '*', '~', '>', '%', '|':
		if head[0] == '%' || head[0] == '|' {
			n = min(n, math.MaxInt64/2) * 2
		}
		f.items += max(n, 0)
		switch {
		case err != nil || n < -1 || n > maxReplyItems || f.items > maxReplyItems:
			return badReply("it claims %q elements", short(head[1:]))
		case n <= 0:
			f.ended(behind)
		case len(f.left) == maxReplyDepth:
			return badReply("more than %d lists in one another", maxReplyDepth)
		default:
			f.left = append(f.left, n)
		}
		return nil
	}
	return badReply("it begins with %q", short(head))
}

// ended closes an element and the lists that end with it; behind a whole reply all begins anew.
func (f *frames) ended(behind int64) {
	for n := len(f.left); n > 0; n = len(f.left) {
		if f.left[n-1]--; f.left[n-1] > 0 {
			return
		}
		f.left = f.left[:n-1]
	}
	f.bytes, f.items = behind, 0
}

func short(b []byte) []byte { return b[:min(len(b), 20)] }
