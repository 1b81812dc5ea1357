//go:build unix

package report

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"psyncope/correlate/diagnosis"
)

// lively is a fleet whose groups all have an incident, lanes and charts: what is drawn late has every chance to move the page.
func lively(groups int) *diagnosis.Diagnosis {
	d := fleet(groups)
	d.Incidents = nil
	for g := range groups {
		id := fmt.Sprintf("shard-%03d", g)
		i := storm().Incidents[0]
		i.ID, i.Group = id, id
		d.Incidents = append(d.Incidents, i)
		for _, s := range storm().Series[:2] {
			s.Group = id
			d.Series = append(d.Series, s)
		}
	}
	return d
}

// Every group of a page of 300 is within 40 pixels of where it should be after a jump to it, and stays there; the page is open in 3 s.
func jumpToEveryGroup(t *testing.T, b *browser) {
	f, _ := ByName("html")
	self := b.open(bytesOf(t, f, lively(300), Options{}))
	var took float64
	fmt.Sscan(b.eval(`performance.getEntriesByType("navigation")[0].loadEventEnd`), &took)
	t.Logf("300 groups with an incident each: open in %.0f ms", took)
	if took > 3000 { // a page that begins all its pictures at once takes twice as long
		t.Errorf("the page took %.0f ms to open", took)
	}
	b.eval(`(() => { const f = document.querySelector("#only"); if (f.checked) { f.checked = false; f.dispatchEvent(new Event("change")); } })()`)
	worst := b.eval(`(async () => {
		const frames = (n) => new Promise((done) => { const next = () => (n-- > 0 ? requestAnimationFrame(next) : done()); next(); });
		const links = [...document.querySelectorAll("#groups tbody a")];
		let worst = 0, where = ""; const began = performance.now();
		for (const a of [...links.filter((_, n) => n % 2), ...links.filter((_, n) => !(n % 2)).reverse()]) {
			a.click();
			await frames(2);
			const to = document.querySelector(a.getAttribute("href"));
			const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
			const off = Math.abs(to.getBoundingClientRect().top - parseFloat(getComputedStyle(to).scrollMarginTop));
			if (off > worst && !end) { worst = off; where = a.textContent; }
			if (performance.now() - began > 400e3) return "hung at " + a.textContent;
		}
		return links.length + " " + Math.round(worst) + " " + where;
	})()`)
	var n, off int
	if _, err := fmt.Sscan(worst, &n, &off); err != nil || n != 300 || off > 40 {
		t.Errorf("of the jumps, the worst: %s", worst)
	}
	b.calm(self)
}

// The hover shows each series' own value at the instant that it names, and none where a series has none.
func hoverOverCharts(t *testing.T, b *browser) {
	f, _ := ByName("html")
	d := storm()
	null := func(v float64) *float64 { return &v }
	d.Series = []diagnosis.Series{
		{Instance: "cart-1", Group: "cart", Name: "sync_full", Unit: "", At: []int64{at(0).UnixMilli(), at(10).UnixMilli(), at(20).UnixMilli(), at(30).UnixMilli()}, Values: []*float64{null(1), nil, nil, null(7)}},
		{Instance: "cart-2", Group: "cart", Name: "sync_full", Unit: "", At: []int64{at(5).UnixMilli(), at(15).UnixMilli(), at(25).UnixMilli()}, Values: []*float64{null(2), null(3), null(4)}},
	}
	self := b.open(bytesOf(t, f, d, Options{}))
	b.middle(".charts")
	b.until("the chart is drawn", `document.querySelector(".chart .u-over")`)
	want := map[string]map[string]string{}
	for _, s := range d.Series {
		for n, ms := range s.At {
			key := fmt.Sprint(ms)
			if want[key] == nil {
				want[key] = map[string]string{}
			}
			if s.Values[n] != nil {
				want[key][s.Instance] = fmt.Sprint(*s.Values[n])
			}
		}
	}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	seen := b.eval(`(async () => {
		const want = ` + string(raw) + `;
		const over = document.querySelector(".chart .u-over"), legend = () => [...document.querySelectorAll(".chart .u-legend .u-series")].map((s) => [s.querySelector(".u-label").textContent, s.querySelector(".u-value").textContent]);
		const box = over.getBoundingClientRect();
		const bad = [], columns = {}; let looked = 0;
		for (let x = 1; x < box.width; x += 3) {
			over.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: box.left + x, clientY: box.top + 20 }));
			await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
			const [[, at], ...values] = legend();
			if (!/^\d\d:/.test(at)) continue;
			const row = (at) => want[Object.keys(want).find((k) => new Date(+k).toISOString().slice(11, 11 + at.length) === at)];
			if (!row(at)) { bad.push("no row at " + at); continue; }
			looked++;
			if (at.endsWith(":45.250")) columns.gap = x;
			for (const [who, shown] of values) {
				if (shown === "–" || shown === "--") continue;
				const [v, own] = shown.split(" at ");
				const is = row(own || at);
				if (!is || v !== is[who]) bad.push(at + " " + who + " shows " + shown + ", the row says " + (is && is[who]));
			}
		}
		// A column of the drawing has the first server's colour where that has a value, and not in its gap.
		const canvas = document.querySelector(".chart canvas"), c = canvas.getContext("2d"), shift = box.left - canvas.getBoundingClientRect().left;
		const ink = getComputedStyle(document.documentElement).getPropertyValue("--c1").trim().match(/[0-9a-f]{2}/gi).map((h) => parseInt(h, 16));
		const all = c.getImageData(0, 0, canvas.width, canvas.height).data;
		const inked = (from, to) => { for (let y = 0; y < canvas.height; y++) for (let x = from; x < to; x++) { const i = 4 * (y * canvas.width + x); if (Math.abs(all[i] - ink[0]) + Math.abs(all[i+1] - ink[1]) + Math.abs(all[i+2] - ink[2]) < 60 && all[i+3] > 200) return true; } return false; };
		const gap = Math.round(shift + columns.gap);
		if (columns.gap === undefined) bad.push("no place in the gap");
		else if (inked(gap - 1, gap + 2)) bad.push("a line is drawn through the gap");
		if (!inked(0, canvas.width)) bad.push("nothing is drawn in the first server's colour");
		return looked + " " + [...new Set(bad)].join("; ");
	})()`)
	looked, bad, _ := strings.Cut(seen, " ")
	if looked == "0" || bad != "" {
		t.Errorf("looked at %s places: %s", looked, bad)
	}
	b.calm(self)
}

// lookEverywhere keeps pictures of a phone, of the dark, and of print, and holds that nothing sticks out on a phone.
func lookEverywhere(t *testing.T, b *browser) {
	f, _ := ByName("html")
	self := b.open(bytesOf(t, f, storm(), Options{}))
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": true}, nil)
	b.middle(".charts")
	b.until("a chart is drawn", `document.querySelectorAll(".chart canvas").length >= 2`)
	b.keep("phone.png", true)
	if got := b.eval(`document.documentElement.scrollWidth`); got != "375" {
		t.Errorf("on a phone of 375 pixels the page is %s wide", got)
	}
	if got := b.eval(`document.querySelectorAll("svg.lanes .ticks text").length >= 3`); got != "true" {
		t.Error("on a phone the axis has fewer than three ticks")
	}
	b.call("Emulation.clearDeviceMetricsOverride", nil, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	b.until("it is dark", `matchMedia("(prefers-color-scheme: dark)").matches`)
	b.keep("dark.png", true)
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": "print", "features": []any{}}, nil)
	b.eval(`dispatchEvent(new Event("beforeprint"))`)
	b.until("every chart is drawn", `[...document.querySelectorAll(".chart")].every((c) => c.querySelector("canvas") || !c.offsetParent)`)
	b.keep("print.png", true)
	b.eval(`dispatchEvent(new Event("afterprint"))`)
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": "", "features": []any{}}, nil)
	b.calm(self)
}

// axe holds the page against axe-core's rules of accessibility. It is fetched from npm; where that cannot be, the test says so.
func axe(t *testing.T, b *browser) {
	dir := t.TempDir()
	npm := exec.CommandContext(t.Context(), "npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, "axe-core@4.10.3")
	if out, err := npm.CombinedOutput(); err != nil {
		t.Skipf("axe-core cannot be had from npm: %v: %.200s", err, out)
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := ByName("html")
	for name, d := range map[string]*diagnosis.Diagnosis{"storm": storm(), "fleet": fleet(12), "healthy": healthy()} {
		self := b.open(bytesOf(t, f, d, Options{}))
		// By the debugger, which the page's policy does not bind.
		b.eval(string(source) + "; 1")
		got := b.eval(`axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.help + " (" + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)).join(" | ") + ")").join("\n"))`)
		if got != "" {
			t.Errorf("%s:\n%s", name, got)
		}
		b.calm(self)
		b.requests = nil
	}
}
