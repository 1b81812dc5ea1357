package ingest

import (
	"slices"
	"strings"

	"psyncope/ingest/table"
)

// visit completes a unit's case and hands it on, if there is anything in it.
func (e *engine) visit(u *unit, c *table.Case, sum *Summary, visit func(*table.Case) error) error {
	if len(c.Files) == 0 {
		c.Release()
		return nil
	}
	e.list(u, c)
	renameSame(c, e.Same)
	slices.SortStableFunc(c.Files, func(a, b table.File) int { return strings.Compare(a.Path, b.Path) })
	c.Files = oneAccount(c.Files)
	for _, f := range c.Files {
		sum.Bytes += f.Bytes
		sum.Records += f.Records
		sum.Rejected += f.Rejected
	}
	sum.Units++
	sum.Instances += len(c.Instances)
	u.instances = nil
	table.GiveBack(len(c.Files))
	return visit(c)
}

// nameBeside names an instance that a log turned out to interleave with others. Of those only the bare name is known: if an instance has it that lies
// beside the log, it is that one; else the log's place goes in front, where there are other units.
func (u *unit) nameBeside(f *family, name string) string {
	for _, in := range u.instances {
		n := len(in.parts) - 1
		if n >= 0 && normal(in.parts[n]) == normal(name) && slices.Equal(in.parts[:n], f.dir) {
			return in.name
		}
	}
	return f.place + name
}

// list names the instances of a case: the unit's, and those that were split out of its logs.
func (e *engine) list(u *unit, c *table.Case) {
	known := map[string]table.Instance{}
	for _, in := range u.instances {
		known[in.name] = table.Instance{Name: in.name, Addrs: in.hints.Own, Reached: in.hints.Reached}
	}
	seen := c.Events.Words("instance")
	split := false
	for _, w := range seen {
		if _, ok := known[w]; !ok {
			known[w], split = table.Instance{Name: w}, true
		}
	}
	for _, in := range u.instances {
		// A file that holds several servers' lines is not one itself.
		if split && !slices.Contains(seen, in.name) && !in.beyondLogs {
			delete(known, in.name)
			c.RenameInstances(map[string]string{in.name: ""})
		}
	}
	for _, in := range known {
		c.Instances = append(c.Instances, in)
	}
	slices.SortFunc(c.Instances, func(a, b table.Instance) int { return strings.Compare(a.Name, b.Name) })
}
