//go:build unix

package uvtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// ZeroValues calls every method of the zero value of each type, and of its nil pointer.
// It fails the test if a call panics, or if a method that can return an error returns
// none. values are zero values of all exported types of the package under test that
// have methods. ZeroValues compares them with the source in the working directory, so
// that none is left out.
//
// skip lists exceptions. "Type.Method" is called, but may succeed. "!Type",
// "!Type.Method" and "!Method" are not called. "Type" is a type whose zero value is
// usable, so that only its nil pointer is called. The nil pointer may panic in two
// cases: the method belongs to an embedded struct, because Go dereferences the pointer
// before the call (a nil *net.TCPConn panics as well), or the method's receiver is no
// pointer.
func ZeroValues(t *testing.T, skip []string, values ...any) {
	t.Helper()
	named := make(map[string]bool)
	used := make(map[string]bool)
	has := func(s string) bool {
		used[s] = used[s] || slices.Contains(skip, s)
		return used[s]
	}
	for _, v := range values {
		typ := reflect.TypeOf(v)
		named[typ.Name()] = true
		if has("!" + typ.Name()) {
			continue
		}
		not := func(name string) bool { return has("!"+typ.Name()+"."+name) || has("!"+name) }
		check := func(what string, v reflect.Value, isNil bool) {
			for _, c := range Methods(v.Interface(), not) {
				fault, _ := c.Panic.(runtime.Error)
				may := has(typ.Name() + "." + c.Name)
				switch {
				case fault != nil && isNil && (embeds(typ) || strings.HasPrefix(fault.Error(), "value method ")):
				case c.Panic != nil:
					t.Errorf("%s.%s panics: %v", what, c.Name, c.Panic)
				case c.Fails && c.Err == nil && !may:
					t.Errorf("%s.%s succeeds", what, c.Name)
				}
			}
		}
		if !has(typ.Name()) {
			check("zero "+typ.Name(), reflect.New(typ), false)
		}
		if typ.Kind() == reflect.Struct {
			check("nil *"+typ.Name(), reflect.Zero(reflect.PointerTo(typ)), true)
		}
	}
	for _, name := range methodTypes(t) {
		if !named[name] {
			t.Errorf("type %s is not among those that are called", name)
		}
	}
	for _, s := range skip {
		if !used[s] {
			t.Errorf("%q skips nothing", s)
		}
	}
}

// embeds tells whether a struct's first field is an embedded struct.
func embeds(typ reflect.Type) bool {
	return typ.NumField() > 0 && typ.Field(0).Anonymous && typ.Field(0).Type.Kind() == reflect.Struct
}

// methodTypes returns the exported struct types in the working directory that have methods,
// by declaration or by embedding.
func methodTypes(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	structs := make(map[string]bool) // whether it embeds something
	methods := make(map[string]bool)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			note(d, structs, methods)
		}
	}
	var names []string
	for name, embeds := range structs {
		if ast.IsExported(name) && (embeds || methods[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func note(d ast.Decl, structs, methods map[string]bool) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil {
			typ := d.Recv.List[0].Type
			if p, ok := typ.(*ast.StarExpr); ok {
				typ = p.X
			}
			if id, ok := typ.(*ast.Ident); ok && d.Name.IsExported() {
				methods[id.Name] = true
			}
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			ts, ok := s.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if st, ok := ts.Type.(*ast.StructType); ok {
				structs[ts.Name.Name] = slices.ContainsFunc(st.Fields.List, func(f *ast.Field) bool { return len(f.Names) == 0 })
			}
		}
	}
}
