package main

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// calmFolders are those in which no two files call each other: whoever follows a case through them goes one way.
var calmFolders = []string{"correlate", "report"}

// Within a package no two files call each other. Functions are known by name, methods by name where nothing else in the package is called
// so; a local name that hides a function's counts as no call.
func TestNoTwoFilesCallEachOther(t *testing.T) {
	byFolder := map[string][]source{}
	for _, s := range sources(t) {
		if !s.test && slices.ContainsFunc(calmFolders, func(f string) bool { return below(s.folder, f) }) {
			byFolder[s.folder] = append(byFolder[s.folder], s)
		}
	}
	for folder, files := range byFolder {
		home := homes(files)
		calls := map[[2]string][]string{}
		for _, s := range files {
			for _, name := range called(s, home) {
				if to := home[name]; to != s.path {
					k := [2]string{s.path, to}
					calls[k] = append(calls[k], name)
				}
			}
		}
		for k, names := range calls {
			if back := calls[[2]string{k[1], k[0]}]; len(back) > 0 && k[0] < k[1] {
				t.Errorf("%s: %s calls %v of %s, which calls %v of it", folder, path.Base(k[0]), distinct(names), path.Base(k[1]), distinct(back))
			}
		}
	}
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// homes says in which file each function stands, and each method whose name neither another nor a field of its package has, as ".name".
func homes(files []source) map[string]string {
	home := map[string]string{}
	for _, s := range files {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if st, ok := n.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					for _, name := range f.Names {
						home["."+name.Name] = ""
					}
				}
			}
			return true
		})
	}
	for _, s := range files {
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := fn.Name.Name
			if fn.Recv != nil {
				name = "." + name
			}
			if _, twice := home[name]; twice {
				home[name] = ""
			} else {
				home[name] = s.path
			}
		}
	}
	for name, file := range home {
		if file == "" {
			delete(home, name)
		}
	}
	return home
}

// called are the functions of its package that a file names.
func called(s source, home map[string]string) []string {
	var out []string
	for _, d := range s.file.Decls {
		local := map[string]bool{}
		if fn, ok := d.(*ast.FuncDecl); ok {
			local = localNames(fn)
		}
		fields := map[*ast.Ident]bool{} // x in S.x and in S{x: 1} is no function's name
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				fields[n.Sel] = true
				if home["."+n.Sel.Name] != "" {
					out = append(out, "."+n.Sel.Name)
				}
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok {
					fields[id] = true
				}
			case *ast.FuncDecl:
				fields[n.Name] = true
			case *ast.Ident:
				if !fields[n] && !local[n.Name] && home[n.Name] != "" && !strings.HasPrefix(n.Name, ".") {
					out = append(out, n.Name)
				}
			}
			return true
		})
	}
	return out
}
