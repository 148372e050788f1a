package lint

import (
	"go/ast"
	"strings"
)

// mirrors finds fields of cuv's Go structs that no constant expression compares with C.
// It looks at structs whose comment says that they mirror a C struct. Such an
// expression is an index with unsafe.Offsetof and unsafe.Sizeof of both fields.
func mirrors(r *repo) []string {
	compared := make(map[string]bool)
	files := r.goFiles(func(f *file) bool { return f.dir() == "cuv" && !f.test })
	for _, f := range files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if x, ok := n.(*ast.IndexExpr); ok {
				for name, c := range comparison(x.Index) {
					compared[name] = compared[name] || c
				}
			}
			return true
		})
	}
	var found []string
	for _, f := range files {
		for _, decl := range f.ast.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || !strings.Contains(d.Doc.Text(), "mirrors") {
				continue
			}
			for _, spec := range d.Specs {
				t, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				s, ok := t.Type.(*ast.StructType)
				if !ok {
					continue
				}
				for _, field := range s.Fields.List {
					for _, name := range field.Names {
						if full := t.Name.Name + "." + name.Name; name.Name != "_" && !compared[full] {
							found = append(found, r.at(name.Pos(), "%s is not compared with its field in C: add it to layout.go", full))
						}
					}
				}
			}
		}
	}
	return found
}

// comparison returns the Go fields in an expression. A field is true if the expression
// has the offset and the size of it and of a C field.
func comparison(e ast.Expr) map[string]bool {
	calls := make(map[string]int)   // of package unsafe, by function and field
	fields := make(map[string]bool) // Go's
	ofC := make(map[string]bool)
	ast.Inspect(e, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		fn, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		sel, ok := call.Args[0].(*ast.SelectorExpr)
		if !ok {
			return true
		}
		lit, ok := sel.X.(*ast.CompositeLit)
		if !ok {
			return true
		}
		switch t := lit.Type.(type) {
		case *ast.Ident:
			name := t.Name + "." + sel.Sel.Name
			fields[name] = true
			calls[fn.Sel.Name+" "+name]++
		case *ast.SelectorExpr:
			ofC[fn.Sel.Name] = true
		}
		return true
	})
	for name := range fields {
		fields[name] = calls["Offsetof "+name] > 0 && calls["Sizeof "+name] > 0 && ofC["Offsetof"] && ofC["Sizeof"]
	}
	return fields
}
