package ingest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"psyncope/ingest/config"
	"psyncope/ingest/logline"
	"psyncope/ingest/table"
)

// Hints are what the first and last bytes of a file say about whose it is and with whom that instance
// replicates. They decide only what is read together and under which name, nothing of the diagnosis:
// that rests on rows.
type Hints struct {
	// IDs are replication ids, and run ids that served as such before 4.0: whoever shares one is of
	// the same group, whatever the addresses look like from either side of a NAT.
	IDs []string
	// RunID is the process's own, from INFO.
	RunID string
	// Own are the addresses under which the instance says it can be reached; Peers those it names as its
	// primary, its replicas or, being a Sentinel, whatever it watches.
	Own, Peers []string
	// Reached are the addresses by which whoever took its dumps reached it, loopback among them.
	Reached []string
	Port    string
	Role    int    // above zero where it mostly calls itself a primary, below where a replica
	Cluster bool   // runs in cluster mode
	First   string // how a file of the family begins: its first line; "" of an instance
	// Lines are a log's first and last lines with a process and a time, each as a hash of four bytes, in their order.
	Lines []byte
	// PID is the process that speaks first in the log, or that the first dump names; 0 where none does, or where it is 1, as everybody's in
	// a container.
	PID int
	// From and To are a log's first and last stamp as written, of the lines that were looked at; 0 where none has one.
	From, To table.Micros
}

func (h *Hints) add(o Hints) {
	h.IDs = append(h.IDs, o.IDs...)
	h.Own = append(h.Own, o.Own...)
	h.Peers = append(h.Peers, o.Peers...)
	h.Reached = append(h.Reached, o.Reached...)
	if h.RunID == "" {
		h.RunID = o.RunID
	}
	if h.Port == "" {
		h.Port = o.Port
	}
	h.Role += o.Role
	if h.PID == 0 {
		h.PID = o.PID
	}
	if o.From != 0 && (h.From == 0 || o.From < h.From) {
		h.From = o.From
	}
	h.To = max(h.To, o.To)
	if len(h.Lines) < maxLines*hashBytes {
		h.Lines = append(h.Lines, o.Lines...)
	}
	h.Cluster = h.Cluster || o.Cluster
}

// same reports whether two files say the same, of a server or of nobody. Logs never do.
func (h *Hints) same(o *Hints) bool {
	return h.RunID == o.RunID && h.Port == o.Port && h.Role == o.Role && h.Cluster == o.Cluster && h.First == o.First && h.PID == o.PID &&
		h.From == o.From && h.To == o.To && len(h.Lines)+len(o.Lines) == 0 &&
		slices.Equal(h.IDs, o.IDs) && slices.Equal(h.Own, o.Own) && slices.Equal(h.Peers, o.Peers) && slices.Equal(h.Reached, o.Reached)
}

func (h *Hints) compact() {
	for _, s := range []*[]string{&h.IDs, &h.Own, &h.Peers, &h.Reached} {
		slices.Sort(*s)
		*s = slices.Compact(*s)
	}
}

// hinter is how hints are found in one kind of file: in so many bytes at its beginning and at its end.
type hinter struct {
	kind  string
	bytes int
	line  func(*scanner, []byte)
}

// hinting are the kinds that say whose they are. A slowlog quotes what clients send, and that is not evidence.
var hinting = [...]hinter{
	{"info", glance, (*scanner).dumpLine},
	{"log", HeadBytes, (*scanner).message},
	{"config", HeadBytes, (*scanner).settingLine},
}

// hinterOf is the hinter of a kind; one without line where files of that kind do not say whose they are.
func hinterOf(kind string) hinter {
	for _, h := range hinting {
		if h.kind == kind {
			return h
		}
	}
	return hinter{}
}

// scan looks for hints line by line.
func (k hinter) scan(b []byte) Hints {
	var h Hints
	s := scanner{h: &h}
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 || s.pending != "" { // an empty line may be a setting's value
			k.line(&s, line)
		}
	}
	s.flush()
	if k.kind == "log" {
		h.From, h.To = stampOf(s.first), stampOf(s.last)
	}
	h.compact()
	return h
}

// stampOf is the stamp of a log's line as written; 0 without one.
func stampOf(line []byte) table.Micros {
	var p logline.Parser
	var h logline.Header
	if len(line) == 0 || !p.Parse(line, &h) && p.Find(line, &h) <= 0 || !h.Stamp.Known() {
		return 0
	}
	return h.Stamp
}

type scanner struct {
	h            *Hints
	host, port   string // of the primary that INFO names
	announce     string
	announcePort string
	first, last  []byte // a log's lines with a process's number in front
	pending      string // CONFIG GET's name, its value comes on the next line
}

func (s *scanner) flush() {
	if s.host != "" && s.port != "" {
		s.peer(s.host + ":" + s.port)
	}
	s.host, s.port = "", ""
	if s.announce != "" {
		p := s.announcePort
		if p == "" || p == "0" {
			p = s.h.Port
		}
		if p == "" {
			p = "6379"
		}
		s.h.Own = append(s.h.Own, s.announce+":"+p)
	}
	s.announce = ""
}

// dumpLine takes a line of a file of INFO dumps.
func (s *scanner) dumpLine(l []byte) {
	if !isDigit(l[0]) && strings.IndexByte("rmptcs", l[0]) < 0 {
		return // no field that field knows begins so
	}
	i := bytes.IndexByte(l[:min(len(l), 48)], ':')
	if i < 0 {
		return
	}
	if isDigit(l[0]) {
		s.prompt(l)
		return
	}
	s.field(l[:i], l[i+1:])
}

// settingLine takes a line of CONFIG GET or of redis.conf.
func (s *scanner) settingLine(l []byte) {
	if p := s.pending; p != "" {
		s.pending = ""
		// Where the value's line is lost or the name's stands twice, a name follows the name.
		if v := string(l[:min(len(l), 200)]); !config.IsSetting(v) {
			s.setting(p, v)
			return
		}
	}
	if len(l) == 0 {
		return
	}
	switch i := bytes.IndexAny(l[:min(len(l), 48)], " \t"); {
	case i >= 0:
		s.setting(string(bytes.ToLower(l[:i])), string(l[i+1:min(len(l), i+200)]))
	case len(l) < 40:
		s.settingName(string(l))
	}
	s.prompt(l)
}

// field takes a line of INFO.
func (s *scanner) field(name, v []byte) {
	switch string(name) {
	case "run_id":
		if s.h.RunID == "" {
			s.h.RunID = string(idAt(v))
		}
		s.id(v)
	case "master_replid", "master_replid2":
		s.id(v)
	case "process_id":
		if s.h.PID == 0 {
			s.h.PID = ownPID(v)
		}
	case "tcp_port":
		if s.h.Port == "" && len(v) < 6 {
			s.h.Port = string(v)
		}
	case "role":
		s.role(string(v) == "master")
	case "master_host":
		s.flush()
		s.host = string(v[:min(len(v), 255)])
	case "master_port":
		s.port = string(v[:min(len(v), 5)])
		s.flush()
	case "cluster_enabled":
		s.h.Cluster = s.h.Cluster || string(v) == "1"
	case "redis_mode", "server_mode":
		s.h.Cluster = s.h.Cluster || string(v) == "cluster"
	default:
		if bytes.HasPrefix(name, []byte("slave")) && len(name) < 10 && bytes.HasPrefix(v, []byte("ip=")) {
			ip, rest, _ := bytes.Cut(v[3:], []byte(","))
			if port, ok := bytes.CutPrefix(rest, []byte("port=")); ok {
				port, _, _ = bytes.Cut(port, []byte(","))
				s.peer(string(ip[:min(len(ip), 255)]) + ":" + string(port[:min(len(port), 5)]))
			}
		}
	}
}

func (s *scanner) role(primary bool) {
	if primary {
		s.h.Role++
	} else {
		s.h.Role--
	}
}

// settings that say where an instance is, in CONFIG GET's raw pairs and in redis.conf.
func (s *scanner) settingName(name string) {
	switch strings.ToLower(name) {
	case "port", "replica-announce-ip", "slave-announce-ip", "replica-announce-port", "slave-announce-port",
		"cluster-announce-ip", "replicaof", "slaveof":
		s.pending = strings.ToLower(name)
	}
}

func (s *scanner) setting(name, value string) {
	value = strings.Trim(strings.TrimSpace(value), `"`)
	switch name {
	case "port":
		if s.h.Port == "" && allDigits(value) && len(value) < 6 {
			s.h.Port = value
		}
	case "replica-announce-ip", "slave-announce-ip", "cluster-announce-ip":
		if value != "" && !strings.ContainsAny(value, " \t") {
			s.announce = value
		}
	case "replica-announce-port", "slave-announce-port":
		if allDigits(value) {
			s.announcePort = value
		}
	case "replicaof", "slaveof":
		if host, port, ok := strings.Cut(value, " "); ok && allDigits(strings.TrimSpace(port)) {
			s.peer(host + ":" + strings.TrimSpace(port))
		}
	}
}

// words before an address in a log: the one who is spoken of replicates with the one who speaks.
// Old servers say master and slave, Valkey primary; capitals begin a sentence.
var peerWords = [...]string{"aster ", "ASTER ", "rimary ", "RIMARY ", "eplica ", "lave ", "EPLICAOF ", "LAVE OF "}

// maxLines is how many lines of an instance's logs are compared with another's.
const maxLines = 512

// hashBytes is what a line's hash takes. Whoever makes two lines of one hash on purpose could as well copy the line.
const hashBytes = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// hashes are those of a log's lines.
func (h *Hints) hashes() []uint32 {
	out := make([]uint32, 0, len(h.Lines)/hashBytes)
	for b := h.Lines; len(b) >= hashBytes; b = b[hashBytes:] {
		out = append(out, binary.BigEndian.Uint32(b))
	}
	return out
}

// message takes a line of a log.
func (s *scanner) message(l []byte) {
	if len(l) > 30 && bytes.IndexByte(l, ':') > 0 {
		if s.first == nil || stampOf(s.first) == 0 {
			s.first = l
		}
		s.last = l
	}
	if len(l) > 30 && l[0]-'0' <= 9 && len(s.h.Lines) < maxLines/2*hashBytes && bytes.IndexByte(l[:12], ':') > 0 {
		s.h.Lines = binary.BigEndian.AppendUint32(s.h.Lines, crc32.Checksum(l, castagnoli))
	}
	if begin := l[:min(len(l), 100)]; bytes.Contains(begin, []byte(":M ")) {
		s.role(true)
		s.process(l)
	} else if bytes.Contains(begin, []byte(":S ")) {
		s.role(false)
		s.process(l)
	}
	if bytes.Contains(l, []byte("mode=cluster")) {
		s.h.Cluster = true
	}
	// Ids stand only behind these words; a script's hash or a cluster node's name does not, and those
	// are shared by servers that have nothing to do with one another.
	if bytes.Contains(l, []byte("eplication")) || bytes.Contains(l, []byte("resync")) || bytes.Contains(l, []byte("synchroni")) {
		s.ids(l)
	}
	for _, w := range peerWords {
		for rest := l; ; {
			i := bytes.Index(rest, []byte(w))
			if i < 0 {
				break
			}
			rest = rest[i+len(w):]
			if a, ok := addrAt(rest); ok {
				s.peer(a)
				continue
			}
			// Sentinel: "master mymaster 10.0.0.1 6379", also behind a plain name: "@ mymaster 10.0.0.1 6379"
			s.sentinel(rest)
		}
	}
	if i := bytes.Index(l, []byte(" @ ")); i >= 0 {
		s.sentinel(l[i+3:])
	}
	if _, rest, ok := bytes.Cut(l, []byte("ort=")); ok && s.h.Port == "" && bytes.Contains(l, []byte("unning mode=")) {
		s.h.Port = string(rest[:digits(rest)])
	}
}

// process takes the process whose main thread wrote a line: "811:M 22 Nov …".
func (s *scanner) process(l []byte) {
	if n := digits(l); s.h.PID == 0 && n > 0 && n < len(l) && l[n] == ':' {
		s.h.PID = ownPID(l[:n])
	}
}

// ownPID is a process id that tells servers apart; 0 where it is none, or 1.
func ownPID(v []byte) int {
	n, err := strconv.Atoi(string(bytes.TrimSpace(v[:min(len(v), 12)])))
	if err != nil || n <= 1 {
		return 0
	}
	return n
}

// sentinel takes "name ip port", and after +switch-master a second "ip port".
func (s *scanner) sentinel(l []byte) {
	f := bytes.Fields(l[:min(len(l), 300)])
	for i := 1; i+1 < len(f) && i <= 3; i += 2 {
		ip, err := netip.ParseAddr(string(f[i]))
		if err != nil || !allDigits(string(f[i+1])) {
			return
		}
		s.peer(ip.String() + ":" + string(f[i+1]))
	}
}

// prompt takes the address that redis-cli shows before what was typed: "10.0.0.1:6379> info".
func (s *scanner) prompt(l []byte) {
	i := bytes.Index(l[:min(len(l), 80)], []byte("> "))
	if i <= 0 {
		return
	}
	a, ok := addrAt(l[:i])
	if !ok || len(a) != i {
		return
	}
	s.h.Reached = append(s.h.Reached, a)
	if usable(a) {
		s.h.Own = append(s.h.Own, a)
		if s.h.Port == "" {
			s.h.Port = a[strings.LastIndexByte(a, ':')+1:]
		}
	}
}

func (s *scanner) peer(a string) {
	if usable(a) {
		s.h.Peers = append(s.h.Peers, a)
	}
}

// usable reports whether an address names somebody: everyone is 127.0.0.1 to himself, and people mask
// addresses with x.
func usable(a string) bool {
	host, port, ok := cutPort(a)
	return ok && host != "" && port != "0" && host != "?" && host != "localhost" && !strings.HasPrefix(host, "127.") &&
		host != "::1" && host != "[::1]" && host != "0.0.0.0" && !strings.Contains(host, "x.x") && !strings.Contains(host, "*")
}

func cutPort(a string) (host, port string, ok bool) {
	i := strings.LastIndexByte(a, ':')
	if i < 0 || !allDigits(a[i+1:]) {
		return a, "", false
	}
	return a[:i], a[i+1:], true
}

// addrAt is the host:port with which b begins.
func addrAt(b []byte) (string, bool) {
	n := 0
	for n < len(b) && n < 270 && (isDigit(b[n]) || isLetter(b[n]) || strings.IndexByte(".:-_[]%", b[n]) >= 0) {
		n++
	}
	a := strings.TrimRight(string(b[:n]), ".:,")
	host, port, ok := cutPort(a)
	return a, ok && host != "" && len(port) <= 5 && !strings.Contains(strings.Trim(host, "[]"), "]")
}

// ids takes every word of 40 hexadecimal digits.
func (s *scanner) ids(l []byte) {
	for len(l) >= 40 {
		n := 0
		for n < len(l) && isHex(l[n]) {
			n++
		}
		if n == 40 {
			s.id(l[:n])
		}
		l = l[min(n+1, len(l)):]
	}
}

func (s *scanner) id(v []byte) {
	if id := idAt(v); id != nil {
		s.h.IDs = append(s.h.IDs, string(id))
	}
}

// idAt is the id with which v begins; the all-zero id stands for none.
func idAt(v []byte) []byte {
	if len(v) < 40 {
		return nil
	}
	zero := true
	for _, c := range v[:40] {
		if !isHex(c) {
			return nil
		}
		zero = zero && c == '0'
	}
	if zero {
		return nil
	}
	return v[:40]
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' }

func digits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
