package diagnosis

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"
)

// keyDigits is how long a key is: with 48 bits, a million incidents have two alike in one of 500 fleets.
const keyDigits = 12

// keyOf makes a key of what a thing is.
func keyOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])[:keyDigits]
}

// baseNames are the names without the folders that they lie in: those change with where the evidence lies, and with what else is read.
func baseNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = path.Base(n)
	}
	slices.Sort(out)
	return out
}

// Identify gives the group its key: by the first replication id that its evidence names, which no other group has; where it names
// none, by its servers' addresses, and where there are none, by their names.
func (g *Group) Identify() {
	switch {
	case len(g.ReplicationIDs) > 0:
		g.Key = keyOf("id", g.ReplicationIDs[0])
	case len(g.Addresses) > 0:
		g.Key = keyOf("addresses", strings.Join(g.Addresses, " "))
	default:
		g.Key = keyOf("names", strings.Join(baseNames(append([]string{g.Primary}, g.Replicas...)), " "))
	}
}

// Identify gives the incident its key: by its group, its replicas and when it began; where no time is known, by the first line of its chain.
func (i *Incident) Identify(group string) {
	at := ""
	switch {
	case i.Start != nil:
		at = strconv.FormatInt(i.Start.UnixMilli(), 10)
	case len(i.Chain) > 0:
		at = i.Chain[0].Kind + " " + i.Chain[0].Instance
		if len(i.Chain[0].Evidence) > 0 {
			at += " " + i.Chain[0].Evidence[0].Text
		}
	}
	i.Key = keyOf("incident", group, strings.Join(baseNames(i.Affected), " "), at)
}

// IsSame reports whether two groups are one: they share a replication id, or, where one of them names none, all addresses or the key.
// An instance's name says nothing: redis-a is somewhere in every fleet.
func (g *Group) IsSame(o *Group) bool {
	if len(g.ReplicationIDs) > 0 && len(o.ReplicationIDs) > 0 {
		return slices.ContainsFunc(g.ReplicationIDs, func(id string) bool { return slices.Contains(o.ReplicationIDs, id) })
	}
	return g.Key != "" && g.Key == o.Key || len(g.Addresses) > 0 && slices.Equal(g.Addresses, o.Addresses)
}
