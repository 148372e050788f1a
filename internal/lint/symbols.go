package lint

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
)

// A symbol is an exported name of a package, or an exported method that a
// user of the package can call.
type symbol struct {
	name   string // "Timer.Start", "NewTimer"
	fn     *ast.FuncDecl
	pos    token.Pos
	doc    string
	method bool
}

// symbols returns the exported symbols of a package. The methods of an
// unexported type count when an exported type embeds it.
func symbols(files []*file) []symbol {
	visible := visibleTypes(files)
	var all []symbol
	for _, f := range files {
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				recv := receiver(d)
				if !d.Name.IsExported() || recv != "" && !visible[recv] {
					continue
				}
				s := symbol{name: d.Name.Name, fn: d, pos: d.Pos(), doc: d.Doc.Text()}
				if recv != "" {
					s.name, s.method = recv+"."+s.name, true
				}
				all = append(all, s)
			case *ast.GenDecl:
				all = append(all, declared(d)...)
			}
		}
	}
	return all
}

// declared returns the exported names of a type, const or var declaration. A
// group's comment serves its constants and variables, not its types.
func declared(d *ast.GenDecl) []symbol {
	var all []symbol
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			doc := s.Doc.Text()
			if !d.Lparen.IsValid() {
				doc += d.Doc.Text()
			}
			if s.Name.IsExported() {
				all = append(all, symbol{name: s.Name.Name, pos: s.Pos(), doc: doc})
			}
		case *ast.ValueSpec:
			doc := d.Doc.Text() + s.Doc.Text() + s.Comment.Text()
			for _, name := range s.Names {
				if name.IsExported() {
					all = append(all, symbol{name: name.Name, pos: name.Pos(), doc: doc})
				}
			}
		}
	}
	return all
}

// receiver is the name of a method's receiver type, empty for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	return typeName(d.Recv.List[0].Type)
}

// typeName is the name of T in T, *T and T[P], empty for anything else.
func typeName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return typeName(x.X)
	case *ast.IndexExpr:
		return typeName(x.X)
	case *ast.IndexListExpr:
		return typeName(x.X)
	}
	return ""
}

// visibleTypes are a package's exported types and the types they embed.
func visibleTypes(files []*file) map[string]bool {
	embeds := make(map[string][]string)
	visible := make(map[string]bool)
	for _, f := range files {
		for _, decl := range f.ast.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok {
					visible[s.Name.Name] = s.Name.IsExported()
					embeds[s.Name.Name] = embedded(s.Type)
				}
			}
		}
	}
	var show func(name string)
	show = func(name string) {
		for _, e := range embeds[name] {
			if !visible[e] {
				visible[e] = true
				show(e)
			}
		}
	}
	for _, name := range slices.Collect(maps.Keys(embeds)) {
		if visible[name] {
			show(name)
		}
	}
	return visible
}

// embedded are the types that a struct type embeds.
func embedded(x ast.Expr) []string {
	s, ok := x.(*ast.StructType)
	if !ok {
		return nil
	}
	var names []string
	for _, field := range s.Fields.List {
		if len(field.Names) == 0 {
			names = append(names, typeName(field.Type))
		}
	}
	return names
}
