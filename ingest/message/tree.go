package message

import (
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
	// only is the kind of all wordings here and below, empty where there are several: what a message
	// that ends inside the label can still become.
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
	kinds := map[Kind]bool{}
	for _, w := range n.words {
		kinds[w.kind] = true
	}
	for _, k := range n.kids {
		k.finish()
		kinds[k.only] = true
	}
	if len(kinds) == 1 {
		for k := range kinds {
			n.only = k
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
