package message

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"

	"psyncope/ingest/table"
)

// sample is a value for a field and what a Match must then hold.
type sample struct {
	text string
	set  func(m *Match)
}

const (
	sampleID  = "8c0de2a1b7f34c5d9e6f708192a3b4c5d6e7f809"
	sampleID2 = "1f2e3d4c5b6a79880716253443526170ffeeddcc"
	sampleIP6 = "id=12 addr=[fd00::9]:40112 laddr=[fd00::1]:6379 fd=11 name= age=61 idle=2 flags=S db=0 sub=0 psub=0 multi=-1 qbuf=0 obl=0 oll=31 omem=268441112 tot-mem=268500000 events=rw cmd=psync user=default"
)

var samples = [...]sample{
	fieldPeer:      {"10.1.0.2:6380", func(m *Match) { m.Peer = []byte("10.1.0.2:6380") }},
	fieldReplID:    {sampleID, func(m *Match) { m.ReplID = []byte(sampleID) }},
	fieldReplID2:   {sampleID2, func(m *Match) { m.ReplID2 = []byte(sampleID2) }},
	fieldOffset:    {"90071992", func(m *Match) { m.Offset = 90071992 }},
	fieldBytes:     {"1048577", func(m *Match) { m.Bytes = 1048577 }},
	fieldMegabytes: {"12", func(m *Match) { m.Bytes = 12 << 20 }},
	fieldNumber:    {"4242", func(m *Match) { m.Number = 4242 }},
	fieldMillis:    {"5001", func(m *Match) { m.Number = 5001 }},
	fieldSeconds:   {"36.250", func(m *Match) { m.Number = 36250 }},
	fieldInt:       {"77", nil},
	fieldWord:      {"0x7f12", nil},
	fieldItem:      {"thing", nil}, // Detail is worked out by its place
	fieldDetail:    {"no space left", nil},
	fieldSkip:      {"and so forth", nil},
	fieldClient: {sampleIP6, func(m *Match) {
		m.Bytes = 268441112
		if m.Peer == nil {
			m.Peer = []byte("[fd00::9]:40112")
		}
	}},
	fieldInstance: {"slave 10.1.0.2:6380 10.1.0.2 6380 @ orders 10.1.0.1 6379", func(m *Match) {
		m.Peer, m.Detail = []byte("10.1.0.2:6380"), []byte("slave orders 10.1.0.1:6379")
	}},
	fieldSwitch: {"orders 10.1.0.1 6379 10.1.0.2 6380", func(m *Match) {
		m.Peer, m.Detail = []byte("10.1.0.2:6380"), []byte("orders 10.1.0.1:6379 10.1.0.2:6380")
	}},
}

// allWordings are all spellings of the catalogue.
func allWordings() []wording {
	out := slices.Clone(Default().looseNumber)
	var walk func(n *node)
	walk = func(n *node) {
		if n == nil {
			return
		}
		out = append(out, n.words...)
		for _, k := range n.kids {
			walk(k)
		}
	}
	for _, n := range Default().root {
		walk(n)
	}
	return out
}

// example fills a spelling with samples and says what must come out.
func (w *wording) example() (msg string, want Match) {
	want.reset(w.kind)
	var b strings.Builder
	b.WriteString(w.head)
	from, to := -1, 0
	for _, p := range w.parts {
		s := samples[p.field]
		if p.field == fieldDetail || p.field == fieldItem || p.field == fieldClient {
			if from < 0 {
				from = b.Len()
			}
			to = b.Len() + len(s.text)
		}
		b.WriteString(s.text)
		if s.set != nil {
			s.set(&want)
		}
		b.Write(p.after)
	}
	msg = b.String()
	if from >= 0 {
		want.Detail = []byte(msg[from:to])
	}
	return msg, want
}

func (m *Match) equal(o *Match) bool {
	return m.Kind == o.Kind && bytes.Equal(m.Peer, o.Peer) && bytes.Equal(m.ReplID, o.ReplID) && bytes.Equal(m.ReplID2, o.ReplID2) &&
		bytes.Equal(m.Detail, o.Detail) && m.Offset == o.Offset && m.Bytes == o.Bytes && m.Number == o.Number && m.Cut == o.Cut
}

func TestEveryWordingReadsItsExample(t *testing.T) {
	var m Match
	for _, w := range allWordings() {
		msg, want := w.example()
		Default().Match([]byte(msg), &m)
		if !m.equal(&want) {
			t.Errorf("%s\n got %s\nwant %s", msg, show(&m), show(&want))
		}
	}
}

// No two wordings of different kinds may fit one message equally well: then the order of the lines would decide.
func TestNoMessageHangsOnTheOrderOfLines(t *testing.T) {
	all := allWordings()
	var m Match
	for i := range all {
		w := &all[i]
		msg, _ := w.example()
		for k := range all {
			o := &all[k]
			if o.kind == w.kind || !strings.HasPrefix(msg, o.head) || o.read([]byte(msg), len(o.head), &m) != matches {
				continue
			}
			if c := cmp.Or(cmp.Compare(len(w.head), len(o.head)), cmp.Compare(w.size, o.size)); c <= 0 {
				t.Errorf("%q is %s by %q and as well %s by %q", msg, w.kind, w.text, o.kind, o.text)
			}
		}
	}
}

// A message that is cut is taken for what it was or for nothing, and no field of it is a wrong value.
func TestCutMessagesAreReadRightOrNotAtAll(t *testing.T) {
	var m Match
	for _, w := range allWordings() {
		msg, whole := w.example()
		last := len(msg)
		if n := len(w.parts); n > 0 && len(w.parts[n-1].after) == 0 {
			continue // ends with a field: nothing tells that it is cut
		}
		for n := range last {
			cut := []byte(msg[:n])
			if !Default().Match(cut, &m) || !m.Cut {
				continue // unknown, or a shorter wording that is whole
			}
			if general(m.Kind, whole.Kind) != m.Kind {
				t.Errorf("cut to %q it is %s, was %s", cut, m.Kind, whole.Kind)
			}
			ok := func(got, want []byte) bool { return len(got) == 0 || bytes.Equal(got, want) }
			num := func(got, want table.Int) bool { return !got.Known() || got == want }
			if !ok(m.Peer, whole.Peer) || !ok(m.ReplID, whole.ReplID) || !ok(m.ReplID2, whole.ReplID2) ||
				!num(m.Offset, whole.Offset) || !num(m.Bytes, whole.Bytes) || !num(m.Number, whole.Number) {
				t.Errorf("cut to %q: got %s, whole is %s", cut, show(&m), show(&whole))
			}
		}
	}
}

func TestKindsAreDescribed(t *testing.T) {
	families := []string{"replication", "persistence", "client", "server", "sentinel", "cluster", "crash", "reply"}
	for _, k := range Default().Kinds() {
		if !slices.Contains(families, k.Family) {
			t.Errorf("%s: family %q", k.Kind, k.Family)
		}
		if k.Meaning == "" || strings.HasSuffix(k.Meaning, ".") || k.Meaning != strings.TrimSpace(k.Meaning) {
			t.Errorf("%s: meaning %q", k.Kind, k.Meaning)
		}
		all := strings.Join(k.Wordings, " ")
		counts := strings.Contains(all, "<number>") || strings.Contains(all, "<ms>") || strings.Contains(all, "<seconds>")
		if counts != (k.Unit != "") {
			t.Errorf("%s: unit %q, but wordings %s", k.Kind, k.Unit, all)
		}
		if i, ok := Default().Lookup(k.Kind); !ok || i.Kind != k.Kind {
			t.Errorf("%s is not found", k.Kind)
		}
	}
	if _, ok := Default().Lookup(Other); ok {
		t.Error("other is no kind of the catalogue")
	}
}

// The stack of a walk down the tree must hold all nodes that can matter.
func TestTreeIsNotTooDeep(t *testing.T) {
	var walk func(n *node, depth int) int
	walk = func(n *node, depth int) int {
		if n.words != nil {
			depth++
		}
		deepest := depth
		for _, k := range n.kids {
			deepest = max(deepest, walk(k, depth))
		}
		return deepest
	}
	for _, n := range Default().root {
		if n != nil && walk(n, 0) > maxDepth {
			t.Errorf("heads beginning with %q nest %d deep", n.label, walk(n, 0))
		}
	}
}
