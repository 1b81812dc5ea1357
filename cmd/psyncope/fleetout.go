package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/correlate/fleet/state"
	"psyncope/report"
	"psyncope/report/fleetpage"
)

// manifestName marks a directory that fleet wrote, and says of which night.
const manifestName = "fleet.manifest.json"

// manifest is what a directory of pages was made of.
type manifest struct {
	Schema string            `json:"schema"`
	Build  string            `json:"build"`
	Page   string            `json:"page"`   // fingerprint of all that stands on the page
	Groups map[string]string `json:"groups"` // of each group's page, by key
	Files  []string          `json:"files"`
}

// mayReplace holds that a directory is missing, empty, or one that fleet wrote.
func mayReplace(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the directory of --out: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, manifestName)); err != nil {
		return fmt.Errorf("--out %s holds files that psyncope did not write: name an empty directory, or one that it made", dir)
	}
	return nil
}

// write makes the directory anew, whole or not at all, and the other files that were asked for. Where the directory is of the same night already
// it stays as it is.
func (f *fleetRun) write(ctx context.Context, st *fleet.State, p *fleet.Page, fresh bool) error {
	m := manifest{Schema: fleet.Schema, Build: build(), Groups: map[string]string{}}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	m.Page = fingerprintOf(raw)
	page := fleetpage.Page{Page: p, HasPage: map[string]bool{}}
	for key, g := range st.Groups {
		if len(g.Packed) > 0 && isKey(key) {
			page.HasPage[key] = true
			m.Groups[key] = fmt.Sprintf("night %d", g.LastNight)
		}
	}
	for _, path := range []string{f.out, f.textfile, f.notify} {
		if path != "" {
			sweep(filepath.Clean(path))
		}
	}
	if old, ok := readManifest(f.out); !ok || old.Build != m.Build || old.Page != m.Page {
		if err := f.directory(ctx, st, page, m, old); err != nil {
			return nothingf("write %s: %w", f.out, err)
		}
	}
	if f.textfile != "" {
		if err := whole(ctx, f.textfile, func(w io.Writer) error { return fleetpage.Metrics(w, page) }); err != nil {
			return nothingf("write %s: %w", f.textfile, err)
		}
	}
	if f.notify != "" && fresh && fleetpage.News(page) {
		if err := whole(ctx, f.notify, func(w io.Writer) error { return fleetpage.Notify(w, page) }); err != nil {
			return nothingf("write %s: %w", f.notify, err)
		}
	}
	return nil
}

// isKey reports whether a key is one that psyncope makes: it becomes a file's name.
func isKey(key string) bool { return key != "" && strings.Trim(key, "0123456789abcdef") == "" }

func build() string {
	var b strings.Builder
	_ = printVersion(&b)
	return fingerprintOf([]byte(b.String()))
}

func fingerprintOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:24]
}

func readManifest(dir string) (m manifest, ok bool) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	return m, err == nil && json.Unmarshal(b, &m) == nil
}

// directory builds the directory beside where it goes, and puts it there by renaming.
func (f *fleetRun) directory(ctx context.Context, st *fleet.State, page fleetpage.Page, m, old manifest) error {
	out := filepath.Clean(f.out)
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	defer making(ctx, dir)()
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	for _, file := range []struct {
		name  string
		write func(io.Writer, fleetpage.Page) error
	}{{"index.html", fleetpage.HTML}, {"report.txt", fleetpage.Text}, {"report.md", fleetpage.Markdown}, {"fleet.json", fleetpage.JSON}, {"fleet.csv", fleetpage.CSV}} {
		if err := whole(ctx, filepath.Join(dir, file.name), func(w io.Writer) error { return file.write(w, page) }); err != nil {
			return err
		}
		m.Files = append(m.Files, file.name)
	}
	if err := f.groupPages(ctx, st, dir, m, old); err != nil {
		return err
	}
	if err := whole(ctx, filepath.Join(dir, manifestName), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(m)
	}); err != nil {
		return err
	}
	f.replaced, err = exchange(dir, out)
	return err
}

// groupPages writes a page for each group; one of an earlier night is taken over from the directory before.
func (f *fleetRun) groupPages(ctx context.Context, st *fleet.State, dir string, m, old manifest) error {
	if err := os.Mkdir(filepath.Join(dir, "groups"), 0o755); err != nil {
		return err
	}
	html, _ := report.ByName("html")
	keys := make([]string, 0, len(m.Groups))
	for key := range m.Groups {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var mu sync.Mutex
	var failed error
	var working sync.WaitGroup
	work := make(chan string)
	for range 2 {
		working.Go(func() {
			for key := range work {
				if err := groupPage(ctx, st.Groups[key], html, filepath.Join(dir, "groups", key+".html")); err != nil {
					mu.Lock()
					failed = cmp.Or(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, key := range keys {
		if ctx.Err() != nil {
			break
		}
		if old.Build == m.Build && old.Groups[key] == m.Groups[key] && os.Link(filepath.Join(f.out, "groups", key+".html"), filepath.Join(dir, "groups", key+".html")) == nil {
			continue
		}
		work <- key
	}
	close(work)
	working.Wait()
	return cmp.Or(ctx.Err(), failed)
}

func groupPage(ctx context.Context, g *fleet.Group, html report.Format, path string) error {
	d, err := state.Report(g)
	if err != nil || d == nil {
		return err
	}
	// Of a case that held several groups, the page of each has them all; an incident's number is the report's.
	d.Schema = diagnosis.Schema
	return whole(ctx, path, func(w io.Writer) error { return html.Write(w, d, report.Options{}) })
}

// sweep removes what killed runs left beside a file or directory that they were about to put there. No other run is at work: the state is locked, or the directory.
func sweep(path string) {
	beside, _ := os.ReadDir(filepath.Dir(path)) // where it cannot be read, nothing can be put there either, and that is told
	for _, e := range beside {
		for _, kind := range []string{".new-", ".old-"} {
			if strings.HasPrefix(e.Name(), "."+filepath.Base(path)+kind) {
				os.RemoveAll(filepath.Join(filepath.Dir(path), e.Name()))
			}
		}
	}
}

// swap puts a directory where another may be, which goes.
func swap(dir, out string) error {
	old, err := exchange(dir, out)
	if err != nil || old == "" {
		return err
	}
	return os.RemoveAll(old)
}

// exchange puts a directory where another may be, and says where that one is now: under a name that sweep knows.
func exchange(dir, out string) (old string, err error) {
	if _, err := os.Lstat(out); err == nil {
		old = filepath.Join(filepath.Dir(out), "."+filepath.Base(out)+".old-"+filepath.Base(dir))
		if err := os.Rename(out, old); err != nil {
			return "", err
		}
	}
	if err := os.Rename(dir, out); err != nil {
		if old != "" {
			err = errors.Join(err, os.Rename(old, out))
		}
		return "", err
	}
	return old, nil
}
