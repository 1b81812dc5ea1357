package main

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	mostLines      = 500 // what one can read in a sitting, and some
	mostComplexity = 25
)

// knots are functions that are still over it, all of them in what breaks and scores real servers. The list only gets shorter.
var knots = []string{
	"fixtures/lab/proxy.go pump", "fixtures/lab/group.go WaitSynced", "fixtures/lab/trace.go holdSyscall",
	"fixtures/scorecard/score.go score", "fixtures/scorecard/baseline.go byLoudest", "fixtures/rewrite/clock.go Move",
}

// long are files that are still longer: what is generated, and a list of scenarios. The list only gets shorter.
var long = []string{"ingest/message/kinds.go", "fixtures/lab/scenarios.go"}

// No file is longer than one can read in a sitting, and no function outside the parsers so knotted that it has to be read twice.
func TestFilesAndFunctionsStaySmall(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if n := s.set.Position(s.file.End()).Line; n > mostLines && !slices.Contains(long, s.path) {
			t.Errorf("%s has %d lines", s.path, n)
		}
		if below(s.folder, "ingest") {
			continue
		}
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				if n := complexity(fn.Body); n > mostComplexity && !slices.Contains(knots, s.path+" "+fn.Name.Name) {
					t.Errorf("%s: %s has a cognitive complexity of %d", s.at(fn.Pos()), fn.Name.Name, n)
				}
			}
		}
	}
}

// complexity is the cognitive complexity of a function: each branch and loop counts one and one more for each that it stands in; each
// run of equal logical operators, each else and each jump to a label counts one.
func complexity(body *ast.BlockStmt) int {
	c := counter{}
	c.walk(body, 0)
	return c.n
}

type counter struct{ n int }

func (c *counter) walk(n ast.Node, depth int) {
	ast.Inspect(n, func(x ast.Node) bool {
		if x == n {
			return true
		}
		switch x := x.(type) {
		case *ast.IfStmt:
			c.ifs(x, depth, true)
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			c.n += 1 + depth
			c.walk(x, depth+1)
		case *ast.FuncLit:
			c.walk(x.Body, depth+1)
		case *ast.BinaryExpr:
			c.n += runs(x)
			return true
		case *ast.BranchStmt:
			if x.Label != nil {
				c.n++
			}
			return true
		default:
			return true
		}
		return false
	})
}

func (c *counter) ifs(x *ast.IfStmt, depth int, first bool) {
	c.n++
	if first {
		c.n += depth
	}
	if x.Init != nil {
		c.walk(&ast.BlockStmt{List: []ast.Stmt{x.Init}}, depth)
	}
	c.walk(&ast.ExprStmt{X: x.Cond}, depth)
	c.walk(x.Body, depth+1)
	switch e := x.Else.(type) {
	case *ast.IfStmt:
		c.ifs(e, depth, false)
	case *ast.BlockStmt:
		c.n++
		c.walk(e, depth+1)
	}
}

// runs counts a logical operator where it is not the same as the one it stands under.
func runs(x *ast.BinaryExpr) int {
	if x.Op != token.LAND && x.Op != token.LOR {
		return 0
	}
	if l, ok := x.X.(*ast.BinaryExpr); ok && l.Op == x.Op {
		return 0
	}
	return 1
}

// What a message means is asked for by the catalogue's words: no switch over kinds, no prefix of a kind's name decides anything.
func TestMessagesAreAskedByTheirMeaning(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !below(s.folder, "correlate") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SwitchStmt:
				if sel, ok := n.Tag.(*ast.SelectorExpr); ok && sel.Sel.Name == "Kind" && namesMessages(n) {
					t.Errorf("%s: a switch over kinds of messages", s.at(n.Pos()))
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "HasPrefix" || f.Sel.Name == "HasSuffix") && len(n.Args) == 2 {
					if sel, ok := n.Args[0].(*ast.SelectorExpr); ok && sel.Sel.Name == "Kind" {
						t.Errorf("%s: part of a kind's name decides", s.at(n.Pos()))
					}
				}
			}
			return true
		})
	}
}

// namesMessages reports whether a switch has a case of package message's.
func namesMessages(sw *ast.SwitchStmt) bool {
	found := false
	ast.Inspect(sw.Body, func(n ast.Node) bool {
		if c, ok := n.(*ast.CaseClause); ok {
			for _, e := range c.List {
				if sel, ok := e.(*ast.SelectorExpr); ok {
					if id, ok := sel.X.(*ast.Ident); ok && id.Name == "message" {
						found = true
					}
				}
			}
		}
		return true
	})
	return found
}

// A doc comment begins with the name it documents, so that it reads as a sentence wherever it is shown.
func TestDocsBeginWithTheirName(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || path.Ext(s.path) != ".go" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				checkDoc(t, s, d.Doc, d.Name)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if ts, ok := spec.(*ast.TypeSpec); ok && len(d.Specs) == 1 {
						checkDoc(t, s, d.Doc, ts.Name)
					}
				}
			}
		}
	}
}

func checkDoc(t *testing.T, s source, doc *ast.CommentGroup, name *ast.Ident) {
	t.Helper()
	if doc == nil || !name.IsExported() {
		return
	}
	text := doc.Text()
	for _, article := range []string{"", "A ", "An ", "The "} {
		if rest, ok := strings.CutPrefix(text, article+name.Name); ok && (rest == "" || !isWord(rest[0])) {
			return
		}
	}
	t.Errorf("%s: the doc of %s begins %q", s.at(name.Pos()), name.Name, strings.SplitN(text, "\n", 2)[0])
}

func isWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_'
}
