package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules of the house, as ARCHITECTURE.md states them. A folder is a package's path below the
// module; a rule for a folder holds for what lies below it unless a longer one fits.

// mayImport is the one direction of imports.
var mayImport = []struct {
	folder  string
	allowed []string
}{
	{"cmd/psyncope", []string{"report", "report/fleetpage", "correlate", "correlate/diagnosis", "correlate/fleet", "correlate/fleet/observe", "correlate/fleet/state", "ingest", "ingest/table", "ingest/collect", "ingest/pseudonym", "ingest/redact"}},
	// The same on Beam, a module of its own.
	{"cmd/psyncope-beam", []string{"report", "correlate", "correlate/diagnosis", "correlate/fleet/observe", "ingest", "ingest/table"}},
	{"report/fleetpage", []string{"correlate/diagnosis", "correlate/fleet", "report"}},
	{"report", []string{"correlate/diagnosis", "ingest/table"}},
	{"correlate/fleet/state", []string{"correlate/diagnosis", "correlate/fleet"}},
	{"correlate/fleet/observe", []string{"correlate/diagnosis", "correlate/fleet", "ingest/table"}},
	{"correlate/fleet", []string{"correlate/diagnosis"}},
	// The floors of the analysis, from the ground up: each sees only those under it. The message package gives them the names of the
	// kinds that events have.
	{"correlate/diagnosis", []string{"ingest/table"}},
	{"correlate/timeline", floors(1)},
	{"correlate/replication", floors(2)},
	{"correlate/incident", floors(3)},
	{"correlate/cause", floors(4)},
	{"correlate/chain", floors(5)},
	{"correlate/sizing", floors(5)},
	{"correlate/questions", floors(5)},
	{"correlate/advice", append(floors(5), "correlate/chain", "correlate/sizing")},
	{"correlate", []string{"ingest/table", "ingest/message"}},
	{"ingest/secret", nil},
	{"ingest/table", []string{"ingest/secret"}},
	{"ingest/artifact", []string{"ingest/table"}},
	{"ingest/collect", []string{"ingest/secret"}},
	{"ingest/redact", []string{"ingest", "ingest/message", "ingest/pseudonym", "ingest/secret", "ingest/table"}},
	{"ingest", []string{"ingest/..."}},
	{"fixtures", []string{"fixtures", "fixtures/...", "correlate", "correlate/...", "ingest", "ingest/..."}},
}

// floors are what the floor so many above the ground may import.
func floors(n int) []string {
	up := []string{"correlate/diagnosis", "correlate/timeline", "correlate/replication", "correlate/incident", "correlate/cause"}
	return append([]string{"ingest/table", "ingest/message"}, up[:n]...)
}

// onlyIn says which folders may import a module.
var onlyIn = []struct {
	module  string
	folders []string
}{
	{"github.com/apache/arrow/", []string{"ingest/table", "report"}},
	{"github.com/redis/go-redis/", []string{"ingest/collect", "fixtures/lab"}},
	{"github.com/gocarina/gocsv", []string{"report"}},
	{"github.com/xuri/excelize/", []string{"report"}},
	{"modernc.org/sqlite", []string{"correlate/fleet/state"}},
	{"github.com/spf13/", []string{"cmd/psyncope"}},
	{"github.com/schollz/progressbar/", []string{"cmd/psyncope"}},
	{"github.com/apache/beam/", []string{"cmd/psyncope-beam"}},
}

// topLevel are the folders that hold code; docs holds none.
var topLevel = []string{"cmd", "correlate", "docs", "fixtures", "ingest", "report"}

// leftBehind are made by make and ignored by git.
var leftBehind = []string{"bin", "out"}

// source is one parsed Go file.
type source struct {
	path   string // below the module, with slashes
	folder string
	test   bool
	file   *ast.File
	set    *token.FileSet
}

func (s source) at(p token.Pos) string {
	return s.path + ":" + strconv.Itoa(s.set.Position(p).Line)
}

func sources(t *testing.T) []source {
	t.Helper()
	root := os.DirFS("../..")
	var out []source
	set := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || slices.Contains(leftBehind, p)) {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(p) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(set, p, text, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{p, path.Dir(p), strings.HasSuffix(p, "_test.go"), f, set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("found %d Go files: the walk went wrong", len(out))
	}
	return out
}

func below(folder, top string) bool {
	return folder == top || strings.HasPrefix(folder, top+"/")
}

func TestTopLevelFolders(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(topLevel, e.Name()) && !slices.Contains(leftBehind, e.Name()) {
			t.Errorf("%s: the top level holds %s and nothing else", e.Name(), strings.Join(topLevel, ", "))
		}
		if !e.IsDir() && filepath.Ext(e.Name()) == ".go" {
			t.Errorf("%s: no code at the top level", e.Name())
		}
	}
}

func TestImportsPointOneWay(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue // a test may look at the whole path
		}
		rule := slices.IndexFunc(mayImport, func(r struct {
			folder  string
			allowed []string
		},
		) bool {
			return below(s.folder, r.folder)
		})
		if rule < 0 {
			t.Errorf("%s: no rule says what %s may import", s.path, s.folder)
			continue
		}
		for _, i := range s.file.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			own, ok := strings.CutPrefix(p, "psyncope/")
			if !ok || below(own, s.folder) && s.folder != "ingest" {
				continue
			}
			if !slices.ContainsFunc(mayImport[rule].allowed, func(a string) bool {
				top, all := strings.CutSuffix(a, "/...")
				return own == top && !all || all && strings.HasPrefix(own, top+"/")
			}) {
				t.Errorf("%s: %s must not import %s", s.at(i.Pos()), s.folder, own)
			}
		}
	}
}

func TestLibrariesStayInTheirPlace(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, i := range s.file.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			for _, rule := range onlyIn {
				if strings.HasPrefix(p+"/", rule.module) && !slices.ContainsFunc(rule.folders, func(f string) bool { return below(s.folder, f) }) {
					t.Errorf("%s: only %s may import %s", s.at(i.Pos()), strings.Join(rule.folders, " and "), p)
				}
			}
		}
	}
}

// No init and no package variable that changes: what a function does shows in its arguments.
func TestNoHiddenState(t *testing.T) {
	all := sources(t)
	globals := map[string]map[string]bool{} // by folder
	for _, s := range all {
		if globals[s.folder] == nil {
			globals[s.folder] = map[string]bool{}
		}
		for _, decl := range s.file.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				for _, n := range spec.(*ast.ValueSpec).Names {
					globals[s.folder][n.Name] = true
				}
			}
		}
	}
	for _, s := range all {
		if s.test {
			continue
		}
		for _, decl := range s.file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if fn.Name.Name == "init" && fn.Recv == nil {
				t.Errorf("%s: no init functions", s.at(fn.Pos()))
			}
			local := localNames(fn)
			changed := func(e ast.Expr) {
				if name := rootName(e); name != "" && globals[s.folder][name] && !local[name] {
					t.Errorf("%s: package variable %s changes", s.at(e.Pos()), name)
				}
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.AssignStmt:
					if n.Tok != token.DEFINE {
						for _, e := range n.Lhs {
							changed(e)
						}
					}
				case *ast.IncDecStmt:
					changed(n.X)
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") && len(n.Args) > 0 {
						changed(n.Args[0])
					}
				}
				return true
			})
		}
	}
}

// localNames are all names that a function declares anywhere in it. A name that is both local and
// global is taken for local, so the test may miss a change but never cries wolf.
func localNames(fn *ast.FuncDecl) map[string]bool {
	out := map[string]bool{}
	fields := func(l *ast.FieldList) {
		if l == nil {
			return
		}
		for _, f := range l.List {
			for _, n := range f.Names {
				out[n.Name] = true
			}
		}
	}
	fields(fn.Recv)
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType:
			fields(n.Params)
			fields(n.Results)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					out[rootName(e)] = true
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				out[rootName(n.Key)], out[rootName(n.Value)] = true, true
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				out[name.Name] = true
			}
		}
		return true
	})
	return out
}

// rootName is x of x, x.f, x[i], *x and (x).
func rootName(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// Library code neither prints, nor logs, nor exits, nor asks the wall clock: only the command does.
// The collector must read the clock, as it dates its dumps; the lab is a program.
func TestLibrariesAreQuiet(t *testing.T) {
	forbidden := map[string][]string{
		"fmt":  {"Print", "Printf", "Println"},
		"os":   {"Exit", "Stdout", "Stderr", "Args"},
		"time": {"Now", "Since", "Until"},
	}
	for _, s := range sources(t) {
		if s.test || below(s.folder, "cmd") || below(s.folder, "fixtures") {
			continue
		}
		for _, i := range s.file.Imports {
			if p, _ := strconv.Unquote(i.Path.Value); p == "log" || p == "log/slog" {
				t.Errorf("%s: library code does not log", s.at(i.Pos()))
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Name == "time" && below(s.folder, "ingest/collect") {
				return true
			}
			if slices.Contains(forbidden[pkg.Name], sel.Sel.Name) {
				t.Errorf("%s: library code must not use %s.%s", s.at(sel.Pos()), pkg.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

// Each package says what it is for, and none is a drawer for odds and ends.
func TestPackagesSayWhatTheyAre(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if slices.Contains([]string{"utils", "util", "common", "types", "helpers", "misc"}, s.file.Name.Name) {
			t.Errorf("%s: package %s says nothing about what is in it", s.path, s.file.Name.Name)
		}
		if !s.test {
			documented[s.folder] = documented[s.folder] || s.file.Doc != nil
		}
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("%s: the package has no doc comment", folder)
		}
	}
}

// No regexp where lines are read: one over every line of a 9 GB capture costs minutes.
func TestNoRegexpInIngest(t *testing.T) {
	for _, s := range sources(t) {
		for _, i := range s.file.Imports {
			if p, _ := strconv.Unquote(i.Path.Value); p == "regexp" && below(s.folder, "ingest") && !s.test {
				t.Errorf("%s: ingest reads without regexp", s.at(i.Pos()))
			}
		}
	}
}

// What ARCHITECTURE.md points at is there: tests, folders and files.
func TestArchitectureDocIsTrue(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				functions[fn.Name.Name] = true
			}
		}
	}
	named := 0
	for i, quoted := range strings.Split(string(text), "`") {
		if i%2 == 0 {
			continue // outside the quotes
		}
		switch {
		case strings.HasPrefix(quoted, "Test"), strings.HasPrefix(quoted, "Fuzz"), strings.HasPrefix(quoted, "Example"):
			named++
			if !functions[quoted] {
				t.Errorf("ARCHITECTURE.md names %s, which does not exist", quoted)
			}
		case slices.ContainsFunc(topLevel, func(top string) bool { return below(quoted, top) }):
			if _, err := os.Stat(filepath.Join("../..", filepath.FromSlash(quoted))); err != nil {
				t.Errorf("ARCHITECTURE.md names %s, which does not exist", quoted)
			}
		}
	}
	if named == 0 {
		t.Error("ARCHITECTURE.md names no test")
	}
}
