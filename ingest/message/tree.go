package message

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A node of the tree of heads: heads that begin alike share their beginning. Walking it costs one
// comparison of bytes a node, whatever the number of wordings; the heads of a hit are two to five nodes deep.
type node struct {
	label string // what this node adds to its parent's text
	first string // the first byte of each child's label, in the order of kids
	kids  []*node
	words []wording // wordings whose head ends here, the most specific first
	// only is the kind of all wordings here and below, or the one that the others are cases of; empty where
	// they have nothing in common. It is what a message that ends inside the label can still become.
	only Kind
}

func (n *node) insert(head string, w wording) {
	if n.label == "" && n.kids == nil && n.words == nil { // a fresh root
		n.label = head
		n.words = []wording{w}
		return
	}
	k := common(n.label, head)
	if k < len(n.label) { // split this node
		below := *n
		below.label = n.label[k:]
		*n = node{label: n.label[:k], first: below.label[:1], kids: []*node{&below}}
	}
	if head = head[k:]; head == "" {
		n.words = append(n.words, w)
		return
	}
	if i := strings.IndexByte(n.first, head[0]); i >= 0 {
		n.kids[i].insert(head, w)
		return
	}
	n.first += head[:1]
	n.kids = append(n.kids, &node{label: head, words: []wording{w}})
}

// finish sorts the wordings and works out only. A nil node is left alone.
func (n *node) finish() {
	if n == nil {
		return
	}
	slices.SortFunc(n.words, moreSpecific)
	var kinds []Kind
	for _, w := range n.words {
		kinds = append(kinds, w.kind)
	}
	for _, k := range n.kids {
		k.finish()
		kinds = append(kinds, k.only)
	}
	n.only = slices.MinFunc(kinds, func(a, b Kind) int { return len(a) - len(b) })
	for _, k := range kinds {
		if general(n.only, k) == "" {
			n.only = ""
			break
		}
	}
}

func common(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// jumpTable leads from a message's first eight bytes to where the walk down the tree would have come with
// them. That saves three of five nodes on average; each costs a wait for memory.
type jumpTable struct {
	slots []jump
	shift uint
}

type jump struct {
	key  uint64 // the eight bytes
	node *node  // the node that holds the eighth; nil is an empty slot
	at   int    // where that node's label begins
}

const jumpBytes = 8

// build takes every way down the tree that eight bytes decide. Where a head ends earlier, the walk must
// not miss it: such ways are left to the walk from the root.
func (t *jumpTable) build(root *[256]*node) {
	var found []jump
	var walk func(n *node, above string)
	walk = func(n *node, above string) {
		text := above + n.label
		if len(text) >= jumpBytes {
			found = append(found, jump{binary.LittleEndian.Uint64([]byte(text)), n, len(above)})
			return
		}
		if n.words == nil {
			for _, k := range n.kids {
				walk(k, text)
			}
		}
	}
	for _, n := range root {
		if n != nil {
			walk(n, "")
		}
	}
	bits := uint(1)
	for 1<<bits < 4*len(found) {
		bits++
	}
	t.shift = 64 - bits
	t.slots = make([]jump, 1<<bits)
	for _, j := range found {
		i := t.slot(j.key)
		for t.slots[i].node != nil {
			i = (i + 1) & (len(t.slots) - 1)
		}
		t.slots[i] = j
	}
}

func (t *jumpTable) slot(key uint64) int { return int(key * 0x9e3779b97f4a7c15 >> t.shift) }

// start is where the walk down the tree begins for msg: a node, and how many bytes stand above it.
func (c *Catalogue) start(msg []byte) (*node, int) {
	if len(msg) >= jumpBytes {
		key := binary.LittleEndian.Uint64(msg)
		t := &c.jumps
		for i := t.slot(key); t.slots[i].node != nil; i = (i + 1) & (len(t.slots) - 1) {
			if t.slots[i].key == key {
				return t.slots[i].node, t.slots[i].at
			}
		}
	}
	return c.root[msg[0]], 0
}
