package logs

import (
	"bytes"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/wrap"
)

// maxStreams bounds the sources of one file: a hostile one may name a new source on every line. Lines of
// further ones count as lines without a source.
const maxStreams = 1024

// streamOf finds the stream of a line's source.
func (r *reader) streamOf(w *wrap.Line) *stream {
	if len(w.Source) == 0 && len(w.Host) == 0 {
		return r.bare
	}
	r.key = append(append(append(r.key[:0], w.Host...), 0), w.Source...)
	if s, ok := r.streams[string(r.key)]; ok {
		return s
	}
	if len(r.streams) >= maxStreams {
		return r.bare
	}
	name, ok := r.names[string(r.key)]
	switch {
	case ok:
	case len(r.names) > 0:
		// A server that the beginning of the file did not have.
		name = strings.TrimPrefix(string(w.Host)+"/"+string(w.Source), "/")
	default:
		name = r.in.Origin.Instance
	}
	s := r.bare
	if name != r.in.Origin.Instance || r.surveying {
		s = &stream{name: name, host: string(w.Host), source: string(w.Source), foreign: !ok && !r.surveying}
		r.order = append(r.order, s)
	}
	if r.streams == nil {
		r.streams = map[string]*stream{}
	}
	r.streams[string(r.key)] = s
	return s
}

// surveyed is how much of a file is looked at to learn whose lines it has.
const surveyed = 128 << 10

// survey reads the beginning of the file to learn whose lines it has, and names them if there are several
// servers. It takes nothing.
func (r *reader) survey(l *lines) {
	l.fill()
	if !anySource(l.buf[:l.end]) {
		return
	}
	for l.end < surveyed && l.err == nil {
		l.fill()
	}
	head := l.buf[:l.end]
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
		head = head[:i+1]
	}
	look := newReader(artifact.Input{}, nil)
	look.surveying = true
	if look.all(newLines(bytes.NewReader(head))) != nil {
		return
	}
	var servers []*stream
	for _, s := range look.order {
		if s.records > 0 && s != look.bare {
			servers = append(servers, s)
		}
	}
	if len(servers) == 0 {
		return
	}
	r.names = map[string]string{}
	names := namesOf(servers)
	if len(servers) == 1 && look.bare.records == 0 {
		names[0] = r.in.Origin.Instance
	}
	for i, s := range servers {
		r.names[s.host+"\x00"+s.source] = names[i]
	}
}

// anySource looks at the first lines: a log without wrappers is not read twice.
func anySource(head []byte) bool {
	var s wrap.Scratch
	var w wrap.Line
	for range 20 {
		line, rest, ok := bytes.Cut(head, []byte("\n"))
		if wrap.Unwrap(line, &s, &w) && (len(w.Source) > 0 || len(w.Host) > 0) {
			return true
		}
		if bytes.HasPrefix(line, []byte("__CURSOR=")) {
			return true
		}
		if !ok {
			return false
		}
		head = rest
	}
	return false
}

// namesOf names streams by what tells them apart: the source, or the host if all have the same
// source, or both. Compose counts its containers ("redis-a-1"): the service's name is meant.
func namesOf(streams []*stream) []string {
	sameHost, sameSource, counted := true, true, len(streams) > 1
	for _, s := range streams {
		sameHost = sameHost && s.host == streams[0].host
		sameSource = sameSource && s.source == streams[0].source
		counted = counted && s.host == "" && (strings.HasSuffix(s.source, "-1") || strings.HasSuffix(s.source, "_1"))
	}
	names := make([]string, len(streams))
	for i, s := range streams {
		switch {
		case counted:
			names[i] = s.source[:len(s.source)-2]
		case sameSource && s.host != "":
			names[i] = s.host
		case sameHost:
			names[i] = s.source
		default:
			names[i] = s.host + "/" + s.source
		}
	}
	return names
}

// serverName tells whether a programme's name is a server's: what it says without a header is a message.
func serverName(name []byte) bool {
	for _, s := range [...]string{"redis", "valkey", "sentinel", "keydb"} {
		if len(name) >= len(s) && containsFold(name, s) {
			return true
		}
	}
	return false
}

func containsFold(name []byte, s string) bool {
	for i := 0; i+len(s) <= len(name); i++ {
		if bytes.EqualFold(name[i:i+len(s)], []byte(s)) {
			return true
		}
	}
	return false
}
