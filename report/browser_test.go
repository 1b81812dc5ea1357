//go:build unix

package report

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// browser is a headless Chromium spoken to over two pipes: Chrome's DevTools protocol, messages ended by a zero byte.
type browser struct {
	t       *testing.T
	in      io.Writer
	out     *bufio.Reader
	last    int
	session string
	// What the page did that it should not: errors, and requests.
	complaints, requests []string
}

// startBrowser starts the Chromium on the path; the test is skipped where there is none.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome-headless-shell"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium on the path: the page is not looked at in a browser (apt-get install chromium)")
	}
	// Not t.TempDir: its removal fails the test while a child of the browser still writes.
	profile, err := os.MkdirTemp("", "psyncope-browser")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-device-scale-factor=1", "--window-size=1280,1600", "--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	hears, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, says, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.ExtraFiles = []*os.File{hears, says}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hears.Close()
	says.Close()
	b := &browser{t: t, in: in, out: bufio.NewReaderSize(out, 1<<20)}
	t.Cleanup(func() {
		b.t, b.session = t, ""
		b.call("Browser.close", nil, nil)
		in.Close()
		cmd.Wait()
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its children, where it left any
		cancel()
		out.Close()
		os.RemoveAll(profile)
	})
	return b
}

// tab opens an empty page and forgets what others did.
func (b *browser) tab(t *testing.T) {
	t.Helper()
	b.t, b.session, b.complaints, b.requests = t, "", nil, nil
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
}

// call sends a command and waits for its answer, noting what happens meanwhile.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.last++
	msg := map[string]any{"id": b.last, "method": method}
	if params != nil {
		msg["params"] = params
	}
	if b.session != "" {
		msg["sessionId"] = b.session
	}
	raw, err := json.Marshal(msg)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(raw, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		m := b.read()
		if m == nil {
			if method != "Browser.close" {
				b.t.Fatalf("%s: the browser went away", method)
			}
			return
		}
		if m.ID != b.last {
			continue
		}
		if len(m.Error) > 0 {
			b.t.Fatalf("%s: %s", method, m.Error)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

type message struct {
	ID            int
	Method        string
	Params        json.RawMessage
	Result, Error json.RawMessage
}

func (b *browser) read() *message {
	raw, err := b.out.ReadBytes(0)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			b.t.Logf("browser: %v", err)
		}
		return nil
	}
	var m message
	if err := json.Unmarshal(bytes.TrimRight(raw, "\x00"), &m); err != nil {
		b.t.Fatal(err)
	}
	switch m.Method {
	case "Runtime.exceptionThrown", "Log.entryAdded":
		b.complaints = append(b.complaints, head(string(m.Params), 600))
	case "Runtime.consoleAPICalled":
		b.complaints = append(b.complaints, head(string(m.Params), 600))
	case "Network.requestWillBeSent":
		var p struct{ Request struct{ URL string } }
		if err := json.Unmarshal(m.Params, &p); err == nil {
			b.requests = append(b.requests, p.Request.URL)
		}
	}
	return &m
}

// open loads a page and waits until it is loaded.
func (b *browser) open(page []byte) string {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "report.html")
	if err := os.WriteFile(path, page, 0o666); err != nil {
		b.t.Fatal(err)
	}
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	b.until("the page is loaded", `document.readyState === "complete" && !document.documentElement.classList.contains("still")`)
	return path
}

// eval gives an expression's value as text.
func (b *browser) eval(expr string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expr, "returnByValue": true, "awaitPromise": true}, &r)
	if len(r.ExceptionDetails) > 0 {
		b.t.Fatalf("%s: %s", expr, head(string(r.ExceptionDetails), 600))
	}
	return fmt.Sprint(r.Result.Value)
}

// until waits for an expression to become true; the page tells by animation frames, no clock is asked.
func (b *browser) until(what, expr string) {
	b.t.Helper()
	for range 400 {
		if b.eval(`new Promise((done) => setTimeout(() => done(Boolean(`+expr+`)), 25))`) == "true" {
			return
		}
	}
	b.t.Fatalf("it never came true that %s", what)
}

func (b *browser) mouse(kind string, x, y float64) {
	b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": map[bool]string{true: "none", false: "left"}[kind == "mouseMoved"], "clickCount": 1}, nil)
}

// middle is where an element lies in the window, after it was brought there and the page came to rest: charts are
// drawn as they come into view, and move what is below them.
func (b *browser) middle(selector string) (x, y float64) {
	b.t.Helper()
	last := ""
	for range 200 {
		at := b.eval(fmt.Sprintf(`new Promise((done) => { const e = document.querySelector(%q); e.scrollIntoView({block: "center", behavior: "instant"}); setTimeout(() => { const r = e.getBoundingClientRect(); done((r.left + r.width / 2) + " " + (r.top + r.height / 2)); }, 60); })`, selector))
		if at == last {
			if _, err := fmt.Sscan(at, &x, &y); err != nil {
				b.t.Fatalf("%s: %q: %v", selector, at, err)
			}
			return x, y
		}
		last = at
	}
	b.t.Fatalf("%s does not come to rest", selector)
	return 0, 0
}

func (b *browser) click(selector string) {
	b.t.Helper()
	x, y := b.middle(selector)
	b.mouse("mouseMoved", x, y)
	b.mouse("mousePressed", x, y)
	b.mouse("mouseReleased", x, y)
}

func (b *browser) key(name string) {
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": name}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": name}, nil)
}

// calm fails where the page complained, or asked for anything but itself.
func (b *browser) calm(self string) {
	b.t.Helper()
	for _, c := range b.complaints {
		b.t.Errorf("console: %s", c)
	}
	for _, r := range b.requests {
		if r != "file://"+self && r != "data:," {
			b.t.Errorf("request: %s", r)
		}
	}
}

// keep writes a screenshot where go test -artifacts keeps it.
func (b *browser) keep(name string, whole bool) {
	b.t.Helper()
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &shot)
	raw, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), name), raw, 0o666); err != nil {
		b.t.Fatal(err)
	}
}

func TestHTMLInBrowser(t *testing.T) {
	b := startBrowser(t)
	for _, c := range []struct {
		name string
		look func(*testing.T, *browser)
	}{{"storm", lookAtStorm}, {"overview", lookAtOverview}, {"hostile", lookAtHostile}, {"jumps", jumpToEveryGroup}, {"hover", hoverOverCharts}, {"looks", lookEverywhere}, {"accessible", axe}} {
		t.Run(c.name, func(t *testing.T) {
			b.tab(t)
			c.look(t, b)
		})
	}
}

func lookAtStorm(t *testing.T, b *browser) {
	f, _ := ByName("html")
	self := b.open(bytesOf(t, f, storm(), Options{}))

	if got := b.eval(`document.querySelectorAll("svg.lanes .lane-name").length + " " + document.querySelectorAll("svg.lanes .bar").length + " " + document.querySelectorAll("svg.lanes .step").length`); got != "3 15 7" {
		t.Errorf("lanes, bars, steps: %s, want 3 15 7", got)
	}
	b.middle(".charts")
	b.until("a chart is drawn", `document.querySelectorAll(".chart canvas").length >= 2`)
	b.keep("storm.png", true)

	// The chart shows something: its canvas is not of one colour.
	if got := b.eval(`(() => { const c = document.querySelector(".chart canvas"); const p = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; const seen = new Set(); for (let i = 0; i < p.length; i += 4) seen.add(p[i] + "," + p[i+1] + "," + p[i+2] + "," + p[i+3]); return seen.size > 3; })()`); got != "true" {
		t.Error("the chart is empty")
	}

	// Hover shows the evidence.
	x, y := b.middle(".mark.disc .catch")
	b.mouse("mouseMoved", x, y)
	b.until("the tip shows", `!document.querySelector("#tip").hidden`)
	for _, want := range []string{"KEYS * runs for 11.2 s", "case/cart-1/slowlog.json:14", `"argv":["KEYS","*"]`} {
		if got := b.eval(`document.querySelector("#tip").textContent`); !strings.Contains(got, want) {
			t.Errorf("the tip says %q, not %q", got, want)
		}
	}

	// A click opens it, with its neighbours in the file; Escape closes it.
	b.click(".mark.diamond .catch")
	b.until("the evidence opens", `document.querySelector("#evidence").open`)
	if got := b.eval(`document.querySelector("#evidence li.this").textContent`); got != "4120latest_fork_usec:7912004" {
		t.Errorf("the evidence is %q", got)
	}
	b.keep("storm-evidence.png", false)
	b.eval(`document.querySelector("#evidence").close()`)
	b.click(".chain .ev")
	b.until("a step's evidence opens", `document.querySelector("#evidence").open`)
	b.eval(`document.querySelector("#evidence").close()`)

	// Zoom takes lanes and charts along.
	before := b.eval(`document.querySelector(".window").textContent`)
	b.click(`[data-zoom="all"]`)
	b.until("the window is the whole capture", `document.querySelector(".window").textContent !== `+fmt.Sprintf("%q", before))
	whole := b.eval(`document.querySelector(".window").textContent`)
	if !strings.HasPrefix(whole, "00:48:") {
		t.Errorf("the whole capture is %q", whole)
	}

	// Keys: an arrow moves to an event and shows it, plus zooms in.
	b.eval(`document.querySelector("svg.lanes").focus()`)
	b.key("ArrowRight")
	b.until("the tip follows the keys", `!document.querySelector("#tip").hidden`)
	b.key("+")
	b.until("the window shrinks", `document.querySelector(".window").textContent !== `+fmt.Sprintf("%q", whole))
	b.calm(self)
}

func lookAtOverview(t *testing.T, b *browser) {
	f, _ := ByName("html")
	self := b.open(bytesOf(t, f, fleet(300), Options{}))
	if got := b.eval(`[...document.querySelectorAll("#groups tbody tr")].filter((r) => !r.hidden).length`); got != "27" {
		t.Errorf("%s rows are shown, want the 27 with incidents", got)
	}
	b.eval(`(() => { const f = document.querySelector("#find"); f.value = "shard-003"; f.dispatchEvent(new Event("input")); })()`)
	if got := b.eval(`document.querySelector("#found").textContent`); got != "1 of 300" {
		t.Errorf("found %q", got)
	}
	b.eval(`(() => { const f = document.querySelector("#find"); f.value = ""; f.dispatchEvent(new Event("input")); const o = document.querySelector("#only"); o.checked = false; o.dispatchEvent(new Event("change")); const s = document.querySelector("#sort"); s.value = "name"; s.dispatchEvent(new Event("change")); })()`)
	if got := b.eval(`document.querySelector("#groups tbody tr th").textContent`); got != "shard-000" {
		t.Errorf("by name, the first is %q", got)
	}
	b.eval(`location.hash = document.querySelector("#groups tbody tr a").getAttribute("href")`)
	b.until("the group opens", `document.querySelector(location.hash + " > details").open`)
	b.keep("fleet.png", false)
	b.calm(self)
}

// Hostile text must not even try: no alert, no request, no error.
func lookAtHostile(t *testing.T, b *browser) {
	f, _ := ByName("html")
	self := b.open(bytesOf(t, f, hostile(), Options{}))
	if got := b.eval(`document.querySelectorAll("script").length + " " + document.querySelectorAll("img").length`); got != "2 0" {
		t.Errorf("scripts and images: %s, want 2 0", got)
	}
	x, y := b.middle(".mark .catch")
	b.mouse("mouseMoved", x, y)
	b.until("the tip shows", `!document.querySelector("#tip").hidden`)
	b.click(".chain .ev")
	b.until("the evidence opens", `document.querySelector("#evidence").open`)
	if got := b.eval(`document.querySelector("#evidence-body").querySelectorAll("script, img, b").length`); got != "0" {
		t.Errorf("the evidence has %s elements of its own", got)
	}
	b.keep("hostile.png", false)
	b.calm(self)
}
