package fleetpage

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"
	"unicode"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
)

// Names and texts of the evidence do nothing in any form of the page.
func TestHostileNames(t *testing.T) {
	nasty := "=1+1 <script>alert(1)</script> ](javascript:x) @everyone \x1b[31m `x` | \u202e \n\"'&"
	at := &diagnosis.Stamp{Time: time.Unix(1795219200, 0)}
	c := fleet.Case{Key: nasty, Group: nasty, GroupName: nasty, Nth: 2, OfNights: 3, Reason: nasty, Until: at, Incident: diagnosis.Incident{
		Severity: nasty, Headline: nasty, Start: at, Chain: []diagnosis.Step{{Evidence: []diagnosis.Evidence{{File: nasty, Line: 1, Text: nasty}}}},
		Recommendations: []diagnosis.Recommendation{{Setting: nasty, Instance: nasty, From: nasty, To: nasty, Plan: true}},
	}}
	p := Page{HasPage: map[string]bool{}, Page: &fleet.Page{
		Night: 1, Through: at, New: []fleet.Case{c}, Open: []fleet.Case{c}, Gone: []fleet.Case{c}, Acked: []fleet.Case{c}, NearMisses: []fleet.Near{{Kind: nasty, Summary: nasty, Groups: []string{nasty}}},
		Groups: []fleet.Ranked{{Key: nasty, Name: nasty, Primary: nasty, Verdict: nasty, Why: nasty, Risk: 1, Trend: []*fleet.Measure{{SurvivesS: 1}}}}, Changes: []fleet.Changed{{What: nasty, From: nasty, To: nasty, Groups: []string{nasty}}},
		Together: []fleet.Together{{Groups: []string{nasty}, First: at, Last: at, Share: []string{nasty}, Kinds: []fleet.Kind{{Trigger: nasty, Count: 1}}, Evidence: nasty}},
		Missing:  []string{nasty}, Silent: []string{nasty}, Broken: []string{nasty},
	}}
	forms := map[string]string{}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text": func(b *bytes.Buffer) error { return Text(b, p) }, "md": func(b *bytes.Buffer) error { return Markdown(b, p) }, "html": func(b *bytes.Buffer) error { return HTML(b, p) },
		"csv": func(b *bytes.Buffer) error { return CSV(b, p) }, "notify": func(b *bytes.Buffer) error { return Notify(b, p) }, "metrics": func(b *bytes.Buffer) error { return Metrics(b, p) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		forms[name] = b.String()
		for _, r := range b.String() {
			if r != '\n' && r != '\u200b' && !unicode.IsPrint(r) {
				t.Errorf("%s: %q", name, r)
				break
			}
		}
	}
	if strings.Contains(strings.ToLower(forms["html"]), "<script") {
		t.Error("a script in the page")
	}
	// An escaped bracket begins no link, and in code nobody is mentioned.
	if md := strings.NewReplacer(`\]`, "", "`@everyone`", "").Replace(forms["md"]); strings.Contains(md, "<script") || strings.Contains(md, "](javascript") || strings.Contains(md, "@everyone") {
		t.Errorf("Markdown that acts: %s", md)
	}
	if strings.ContainsAny(forms["notify"], "<>") {
		t.Errorf("a mention or a link in the message: %s", forms["notify"])
	}
	rows, err := csv.NewReader(strings.NewReader(forms["csv"])).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		t.Fatalf("%v: %d rows", err, len(rows))
	}
	for _, cell := range rows[1] {
		if strings.HasPrefix(cell, "=") {
			t.Errorf("a formula: %s", cell)
		}
	}
}

// What new incidents have in common stands before them, with the groups that share it and do not.
func TestTogetherInWords(t *testing.T) {
	at := &diagnosis.Stamp{Time: time.Unix(1795219200, 0)}
	later := &diagnosis.Stamp{Time: at.Add(40 * time.Second)}
	x := fleet.Together{
		Groups: []string{"cart", "search"}, First: at, Last: later, Share: []string{"network 10.4.2.0/24"}, Hit: 2, Sharing: 3, HitOthers: 1, Others: 70,
		Kinds: []fleet.Kind{{Trigger: "network-interruption", Count: 2}}, Evidence: "cart/redis.log:7",
	}
	want := "2 groups broke within 40 s, from 2026-11-21 00:00:00 UTC on: cart, search; of the 3 groups with network 10.4.2.0/24 it hit 2, of the 70 others 1; network-interruption (2); evidence: cart/redis.log:7"
	if got := plainTogether(x); got != want {
		t.Errorf("\n%s, not\n%s", got, want)
	}
	x.First, x.Last, x.Share = nil, nil, nil
	if got := plainTogether(x); got != "2 groups with new incidents: cart, search; network-interruption (2); evidence: cart/redis.log:7" {
		t.Error(got)
	}
}
