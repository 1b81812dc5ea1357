package logs

import (
	"bytes"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/logline"
	"psyncope/ingest/wrap"
)

// maxStreams bounds the sources of one file: a hostile one may name a new source on every line. Lines of
// further ones count as lines without a source.
const maxStreams = 1024

// streamOf finds the stream of a line's source.
func (r *reader) streamOf(w *wrap.Line) *stream {
	if len(w.Source) == 0 && len(w.Host) == 0 {
		return r.bare // of the file that tail named, or of the artifact
	}
	r.key = append(append(append(r.key[:0], w.Host...), 0), w.Source...)
	if s, ok := r.streams[string(r.key)]; ok {
		return s
	}
	if len(r.streams) >= maxStreams {
		return r.order[0]
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
	s := r.order[0]
	if name != r.in.Origin.Instance || r.surveying {
		if r.in.Beside != nil && name != r.in.Origin.Instance {
			name = r.in.Beside(name)
		}
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
	if !anySource(l.head(firstSize)) {
		return
	}
	head := l.head(surveyed)
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
		head = head[:i+1]
	}
	look := newReader(artifact.Input{}, nil)
	look.surveying = true
	if look.all(newLines(bytes.NewReader(head))) != nil {
		return
	}
	var servers []*stream
	records := int64(0)
	for _, s := range look.order[1:] {
		if s.records > 0 {
			servers = append(servers, s)
			records += s.records
		}
	}
	if len(servers) == 0 || len(servers) > 16 && records < 3*int64(len(servers)) {
		return // none, or a prefix that changes from line to line and names nothing
	}
	r.names = map[string]string{}
	names := namesOf(servers)
	if len(servers) == 1 && look.order[0].records == 0 {
		names[0] = r.in.Origin.Instance
	}
	for i, s := range servers {
		r.names[s.host+"\x00"+s.source] = names[i]
	}
}

// Servers is how many servers' lines a file that begins like this is seen to have; 0 where no line says whose it is.
func Servers(head []byte) int {
	r := newReader(artifact.Input{}, nil)
	r.survey(newLines(bytes.NewReader(head)))
	return len(r.names)
}

// anySource looks at the first lines: a log without wrappers is not read twice.
func anySource(head []byte) bool {
	var s wrap.Scratch
	var w wrap.Line
	var h logline.Header
	var p logline.Parser
	for range 20 {
		line, rest, ok := bytes.Cut(head, []byte("\n"))
		if p.Parse(line, &h) {
			if !ok {
				return false
			}
			head = rest
			continue
		}
		if wrap.Unwrap(line, &s, &w) && (len(w.Source) > 0 || len(w.Host) > 0) {
			return true
		}
		_, named := tailed(line)
		if named || p.Find(line, &h) > 0 || bytes.HasPrefix(line, []byte("__CURSOR=")) {
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

// serverName reports whether a programme's name is a server's: what it says without a header is a message.
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

// tailed knows "==> redis-a.log <==", which tail and head print before each file's lines, and gives the server's
// name in it.
func tailed(line []byte) (name []byte, ok bool) {
	line, ok = bytes.CutPrefix(line, []byte("==> "))
	if !ok {
		return nil, false
	}
	line, ok = bytes.CutSuffix(line, []byte(" <=="))
	if !ok || len(line) == 0 || len(line) > 256 {
		return nil, false
	}
	return pathName(line), true
}

// pathName is the server's name in a log's path: that of the file, or of its directory where the file's says
// nothing.
func pathName(path []byte) []byte {
	for {
		dir, base := []byte(nil), path
		if i := bytes.LastIndexByte(path, '/'); i >= 0 {
			dir, base = path[:i], path[i+1:]
		}
		stem, _, _ := bytes.Cut(base, []byte("."))
		for _, plain := range [...]string{"", "redis", "redis-server", "valkey", "valkey-server", "server", "sentinel", "stdout", "log", "logs", "current"} {
			if plain == string(stem) && len(dir) > 0 {
				stem = nil
			}
		}
		if len(stem) > 0 || len(dir) == 0 {
			return stem
		}
		path = dir
	}
}

// prefixName is the server's name in a prefix that no wrapper explains: grep's path, with a line's number or
// without, or a pod's or host's name with or without that of a container. A word counts as a name if it is a
// compound: "INFO" is none. It is nil for anything else.
func prefixName(prefix []byte) []byte {
	if path, ok := bytes.CutSuffix(prefix, []byte(":")); ok {
		if i := bytes.LastIndexByte(path, ':'); i > 0 && allDigits(path[i+1:]) {
			path = path[:i]
		}
		if bytes.IndexByte(path, ' ') >= 0 || allDigits(path) {
			return nil
		}
		return pathName(path)
	}
	word, rest, ok := bytes.Cut(prefix, []byte(" "))
	if !ok || bytes.IndexByte(bytes.TrimSpace(rest), ' ') >= 0 || !bytes.ContainsAny(word, "-_.") {
		return nil
	}
	for _, c := range word {
		if c-'0' > 9 && c-'a' >= 26 && c-'A' >= 26 && c != '-' && c != '_' && c != '.' {
			return nil
		}
	}
	return word
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// quoted is a message that stands in quotes, as in CSV: up to the quote that ends the field.
func quoted(message []byte) []byte {
	for i, c := range message {
		if c == '"' && (i+1 == len(message) || message[i+1] == ',') {
			return message[:i]
		}
	}
	return message
}

// serverOn is the one server whose lines a host's journal has; nil if there are several, or none.
func (r *reader) serverOn(host string) *stream {
	var one *stream
	for _, s := range r.order {
		if s.records == 0 || s.foreign || s != r.bare && s.host != host {
			continue
		}
		if one != nil {
			return nil
		}
		one = s
	}
	if one != nil {
		return one
	}
	// Its first line may follow what the kernel says of its end.
	found := ""
	for key := range r.names {
		if on, _, _ := strings.Cut(key, "\x00"); on != host {
			continue
		}
		if found != "" {
			return nil
		}
		found = key
	}
	if found == "" {
		return nil
	}
	on, source, _ := strings.Cut(found, "\x00")
	return r.streamOf(&wrap.Line{Host: []byte(on), Source: []byte(source)})
}
