// Package message knows what Redis, Valkey and Sentinel write into their logs: it gives a message
// its kind and takes the numbers, addresses and ids out of it.
//
// The knowledge is data: catalogue.txt, one line a wording, in all the spellings of all versions
// (its head describes the notation). To add a message is to add a line there. [Default] is that
// catalogue, compiled once; [Catalogue.Match] reads one message with it, [Catalogue.Kinds] is what
// `psyncope explain` prints. Every kind has a constant in kinds.go.
//
// The text must be the message alone: what stands before it (pid, role, stamp, level, a wrapper's
// prefix) is cut off by package logline. The package does not judge: it does not say whether a
// message is bad, does not look at its level (the same text changes its level between versions),
// and joins no two lines.
//
// # Cut messages
//
// A server cuts a message at 1023 bytes (LOG_MAX_LEN, redis 7.4.1 server.h:111), terminals and
// forums cut where they like. A message that ends before a wording does is still taken for that
// wording if all that is there agrees with it, if at least [minCut] bytes of it are literal (or it is a
// Sentinel event whose name is whole), and if every wording that could still follow is of one kind (or of
// kinds that are cases of one, as psync-refused-backlog-none is of psync-refused-backlog: then it is the one).
// [Match].Cut is then set. Fields behind the cut are empty or Null; so is an address, id or number that
// the cut touches, for half a number is a wrong number. A text that the cut touches is kept.
//
// Trailing spaces, CR (also written as ^M) and colour resets are ignored, and so are leading spaces.
// Where nothing matches, the text is tried
// without what a server may have put in front (the before lines of the catalogue), and once more with Markdown's backslashes and the commonest
// HTML entities undone and with runs of blanks made one.
//
// Sources: every call of serverLog (redisLog before 3.2), sentinelEvent and rdbReport* and the reports of
// debug.c in redis 2.8 to 8.0-m01 and valkey 7.2 to the development branch of October 2024; replication.c of
// redis 8 and valkey 9; and the few rewordings of the Windows port and of a managed service that are public.
package message

import (
	_ "embed"
	"sync"

	"psyncope/ingest/table"
)

// Kind is the id of a message in the catalogue, one of the constants of this package.
type Kind = string

// Other is the kind of a message that the catalogue does not have.
const Other Kind = "other"

// Match is what one message says. Its slices lie in the message or in the Match itself: they are good
// until the message's bytes change or the Match is used again. What a message does not name is nil or
// [table.Null]. A Match is meant to be used again and again: only then is matching free of allocation.
type Match struct {
	Kind Kind
	// Peer is an address, "ip:port" or "[ipv6]:port", as far as the message has a port ("ip:<unknown-replica-port>",
	// "client id #5" are possible). Of a Sentinel event it is the instance that the event is about.
	Peer []byte
	// ReplID and ReplID2 are replication ids (run ids before 4.0). Ids of cluster nodes and Sentinels are in Detail.
	ReplID, ReplID2 []byte
	// Detail is the free part: a reason, an error reply, a client's description, a path. Of a Sentinel event about
	// an instance it is "type group primary-ip:port", then a blank and what the event adds; of a switch
	// of primaries it is "group old-ip:port new-ip:port".
	Detail []byte
	// Offset is a place in the replication stream, in bytes.
	Offset table.Int
	// Bytes is a size in bytes; sizes that are printed in MB are multiplied by 1048576.
	Bytes table.Int
	// Number is what [Info.Unit] says for the kind.
	Number table.Int
	// Cut tells that the message ended before the wording did.
	Cut bool

	buf   []byte // composed addresses and Sentinel details, which are no one slice of the message
	clean []byte // the message as clean leaves it
}

// Info describes one kind.
type Info struct {
	Kind    Kind
	Family  string // replication, persistence, client, server, sentinel, cluster, crash or reply
	Meaning string // one phrase
	Means   Meaning
	Unit    string // of Number; empty where the kind has none
	// Wordings are the catalogue's lines: {a|b} is a choice, <name> a field.
	Wordings []string
}

// Catalogue is a compiled list of wordings. It does not change and may be used from many goroutines,
// each with a Match of its own.
type Catalogue struct {
	kinds []Info
	byKey map[Kind]int
	root  [256]*node // by the first byte of the wording
	jumps jumpTable  // the same tree, entered deeper
	// Wordings that begin with a field, tried where no head fits: all of them where the message begins
	// with a digit, else those that do not want one.
	looseNumber, looseText []wording
	before                 [][]byte // what may stand in front of a wording
}

//go:generate go test -run TestKindsAreTheCatalogues -update .

//go:embed catalogue.txt
var catalogueText string

var loadDefault = sync.OnceValue(func() *Catalogue {
	c, err := Parse(catalogueText)
	if err != nil {
		panic("message: the embedded catalogue is broken: " + err.Error()) // a test parses it: cannot happen in a build that passed
	}
	return c
})

// Default is the catalogue of all servers' messages.
func Default() *Catalogue { return loadDefault() }

// Kinds lists what the catalogue knows, in its order. The slice is the catalogue's own: do not change it.
func (c *Catalogue) Kinds() []Info { return c.kinds }

// Lookup gives the description of a kind.
func (c *Catalogue) Lookup(kind Kind) (Info, bool) {
	i, ok := c.byKey[kind]
	if !ok {
		return Info{}, false
	}
	return c.kinds[i], true
}
