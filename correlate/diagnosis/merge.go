package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"psyncope/ingest/table"
)

// Empty is a Diagnosis that says nothing: its slices are lists, not nil.
func Empty() *Diagnosis {
	return &Diagnosis{
		Schema: Schema, Inputs: Inputs{Files: []InputFile{}, Problems: []Problem{}}, Time: TimeAxis{Hosts: []HostClock{}}, Groups: []Group{},
		Incidents: []Incident{}, Coverage: []Coverage{}, Notes: []Note{}, Sizing: []Sizing{}, Lanes: []Lane{}, Series: []Series{},
	}
}

// Merge joins diagnoses of different cases into one, in a fixed order. They stay as they are.
func Merge(ds ...*Diagnosis) *Diagnosis { return merge(slices.Clone(ds), false) }

// MergeAway is Merge of diagnoses that nobody needs any more, and lets go of each as it goes: there may be a million files in them.
func MergeAway(ds []*Diagnosis) *Diagnosis { return merge(ds, true) }

func merge(ds []*Diagnosis, away bool) *Diagnosis {
	out := Empty()
	files := 0
	for _, d := range ds {
		files += len(d.Inputs.Files)
	}
	for i, d := range ds {
		ds[i] = nil
		if away && len(d.Inputs.Files) == files && files > 0 {
			out.Inputs.Files = d.Inputs.Files
		} else {
			out.Inputs.Files = append(slices.Grow(out.Inputs.Files, files-len(out.Inputs.Files)), d.Inputs.Files...)
		}
		out.Inputs.Problems = append(out.Inputs.Problems, d.Inputs.Problems...)
		out.Inputs.Bytes += d.Inputs.Bytes
		out.Inputs.Records += d.Inputs.Records
		out.Inputs.Rejected += d.Inputs.Rejected
		out.Time.Hosts = append(out.Time.Hosts, d.Time.Hosts...)
		out.Groups = append(out.Groups, d.Groups...)
		out.Incidents = append(out.Incidents, d.Incidents...)
		out.Coverage = append(out.Coverage, d.Coverage...)
		out.Notes = append(out.Notes, d.Notes...)
		out.Sizing = append(out.Sizing, d.Sizing...)
		out.Lanes = append(out.Lanes, d.Lanes...)
		out.Series = append(out.Series, d.Series...)
		out.Window = out.Window.Widen(d.Window)
	}
	out.Finish()
	return out
}

// Widen is a window that holds both: nil is none.
func (w *Window) Widen(o *Window) *Window {
	if w == nil || o == nil {
		if w == nil {
			return o
		}
		return w
	}
	out := Window{Since: w.Since, Until: w.Until}
	if o.Since == nil || out.Since != nil && o.Since.Before(out.Since.Time) {
		out.Since = o.Since
	}
	if o.Until == nil || out.Until != nil && o.Until.After(out.Until.Time) {
		out.Until = o.Until
	}
	return &out
}

// Finish sorts everything and numbers the incidents, so that the order of cases does not show.
func (d *Diagnosis) Finish() {
	slices.SortStableFunc(d.Inputs.Files, func(a, b InputFile) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(d.Inputs.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	slices.SortStableFunc(d.Time.Hosts, func(a, b HostClock) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance))
	})
	slices.SortStableFunc(d.Groups, func(a, b Group) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(d.Coverage, func(a, b Coverage) int { return cmp.Compare(a.Group, b.Group) })
	slices.SortStableFunc(d.Incidents, func(a, b Incident) int {
		return cmp.Or(CompareStamps(a.Start, b.Start), cmp.Compare(a.Group, b.Group), cmp.Compare(strings.Join(a.Affected, " "), strings.Join(b.Affected, " ")))
	})
	for i := range d.Incidents {
		d.Incidents[i].ID = fmt.Sprintf("incident-%d", i+1)
	}
	slices.SortStableFunc(d.Notes, func(a, b Note) int {
		return cmp.Or(CompareStamps(a.At, b.At), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Summary, b.Summary))
	})
	slices.SortStableFunc(d.Sizing, func(a, b Sizing) int { return cmp.Compare(a.Group, b.Group) })
	slices.SortStableFunc(d.Lanes, func(a, b Lane) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance))
	})
	slices.SortStableFunc(d.Series, func(a, b Series) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Name, b.Name))
	})
}

// CompareStamps orders stamps by time to the millisecond, as they are printed, so that saved reports are in one order with those that they
// were made of; unknown ones first.
func CompareStamps(a, b *Stamp) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(a.UnixMilli(), b.UnixMilli())
}

// AddFile adds the account of a file, of this case or of none.
func (d *Diagnosis) AddFile(f table.File) {
	first := StampOf(f.First)
	last := first
	if f.Last != f.First { // of a million dumps each is of one moment
		last = StampOf(f.Last)
	}
	d.Inputs.Files = append(d.Inputs.Files, InputFile{
		Path: f.Path, Kind: f.Kind, Instance: f.Instance, Bytes: f.Bytes, Records: f.Records, Ignored: f.Ignored,
		Rejected: f.Rejected, Understood: understood(&f), First: first, Last: last,
	})
	d.Inputs.Bytes += f.Bytes
	d.Inputs.Records += f.Records
	d.Inputs.Rejected += f.Rejected
}

// AddProblem adds a problem that belongs to no case.
func (d *Diagnosis) AddProblem(p table.Problem) {
	d.Inputs.Problems = append(d.Inputs.Problems, Problem{File: p.File, Line: p.Line, Reason: p.Reason, Text: p.Text})
}

// AddRest accounts for the files that belong to no case, which end the diagnosis of a whole reading. What was opened and is nothing is a problem.
func (d *Diagnosis) AddRest(unreadable []table.File, unclaimed []table.Unclaimed, problems []table.Problem) {
	d.Inputs.Files = slices.Grow(d.Inputs.Files, len(unreadable)+len(unclaimed))
	for _, f := range unreadable {
		d.AddFile(f)
	}
	n := len(problems)
	for _, u := range unclaimed {
		d.AddFile(u.File())
		if u.Bytes > 0 {
			n++
		}
	}
	d.Inputs.Problems = slices.Grow(d.Inputs.Problems, n)
	for _, p := range problems {
		d.AddProblem(p)
	}
	for _, u := range unclaimed {
		if u.Bytes > 0 {
			d.AddProblem(table.Problem{Origin: table.Origin{File: u.Path}, Reason: "not understood: nothing in it is an artifact that this program reads; convert it to text, or leave it out"})
		}
	}
	d.Finish()
	d.OneAccountEach()
}

// OneAccountEach adds up the accounts of a file that are in several cases, or in one and in none: a path stands once. It is for the diagnoses of one
// reading; two saved reports may well each have a file of the same path. Files are sorted.
func (d *Diagnosis) OneAccountEach() {
	out := d.Inputs.Files[:0]
	for _, f := range d.Inputs.Files {
		n := len(out)
		if n == 0 || out[n-1].Path != f.Path {
			out = append(out, f)
			continue
		}
		o := &out[n-1]
		if !o.Understood && f.Understood {
			o.Kind, o.Understood = f.Kind, true
		}
		if o.Instance != f.Instance {
			o.Instance = ""
		}
		if o.Group != f.Group {
			o.Group = ""
		}
		o.Bytes, o.Records, o.Ignored, o.Rejected = max(o.Bytes, f.Bytes), o.Records+f.Records, o.Ignored+f.Ignored, o.Rejected+f.Rejected
		if CompareStamps(f.First, o.First) < 0 && f.First != nil || o.First == nil {
			o.First = f.First
		}
		if CompareStamps(f.Last, o.Last) > 0 {
			o.Last = f.Last
		}
	}
	clear(d.Inputs.Files[len(out):])
	d.Inputs.Files = out
	d.Inputs.Bytes = 0
	for _, f := range out {
		d.Inputs.Bytes += f.Bytes
	}
}
