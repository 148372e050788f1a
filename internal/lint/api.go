package lint

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// apiOf lists what a package exports, a line each, in the form of Go's own api files:
// constants with their values, variables, functions, types, exported fields, and methods,
// also those that an unexported embedded type brings.
func apiOf(pkg *types.Package, name string) []string {
	w := apiWriter{pkg: pkg, prefix: "pkg " + name + ", "}
	scope := pkg.Scope()
	for _, n := range scope.Names() {
		obj := scope.Lookup(n)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Const:
			w.line("const %s %s = %s", n, w.typ(obj.Type()), obj.Val())
		case *types.Var:
			w.line("var %s %s", n, w.typ(obj.Type()))
		case *types.Func:
			w.line("func %s%s", n, w.signature(obj))
		case *types.TypeName:
			w.typeName(obj)
		}
	}
	slices.Sort(w.lines)
	return slices.Compact(w.lines)
}

type apiWriter struct {
	pkg    *types.Package
	prefix string
	lines  []string
}

func (w *apiWriter) line(format string, args ...any) {
	w.lines = append(w.lines, w.prefix+fmt.Sprintf(format, args...))
}

// typ formats a type. A type of another package has that package's name before it.
func (w *apiWriter) typ(t types.Type) string { return types.TypeString(t, w.qualify) }

func (w *apiWriter) qualify(p *types.Package) string {
	if p == w.pkg {
		return ""
	}
	return p.Name()
}

// signature formats a function's parameters and results, without their names.
func (w *apiWriter) signature(f *types.Func) string {
	sig := f.Signature()
	unnamed := types.NewSignatureType(nil, nil, nil, w.unnamed(sig.Params()), w.unnamed(sig.Results()), sig.Variadic())
	return w.typeParams(sig.TypeParams()) + strings.TrimPrefix(w.typ(unnamed), "func")
}

func (w *apiWriter) unnamed(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewParam(token.NoPos, w.pkg, "", v.Type()))
	}
	return types.NewTuple(vars...)
}

func (w *apiWriter) typeParams(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var params []string
	for p := range list.TypeParams() {
		params = append(params, p.String()+" "+w.typ(p.Constraint()))
	}
	return "[" + strings.Join(params, ", ") + "]"
}

func (w *apiWriter) typeName(obj *types.TypeName) {
	name := obj.Name()
	if obj.IsAlias() {
		w.line("type %s = %s", name, w.typ(types.Unalias(obj.Type())))
		return
	}
	named := obj.Type().(*types.Named)
	name += w.typeParams(named.TypeParams())
	switch u := named.Underlying().(type) {
	case *types.Struct:
		w.line("type %s struct", name)
		for f := range u.Fields() {
			if f.Exported() {
				w.line("type %s struct, %s %s", name, f.Name(), w.typ(f.Type()))
			}
		}
	case *types.Interface:
		w.line("type %s interface", name)
		for m := range u.Methods() {
			if m.Exported() {
				w.line("type %s interface, %s%s", name, m.Name(), w.signature(m))
			} else {
				w.line("type %s interface, unexported methods", name)
			}
		}
		return
	default:
		w.line("type %s %s", name, w.typ(u))
	}
	values := types.NewMethodSet(named)
	for m := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		f := m.Obj().(*types.Func)
		if !f.Exported() {
			continue
		}
		receiver := "*" + obj.Name()
		if values.Lookup(w.pkg, f.Name()) != nil {
			receiver = obj.Name()
		}
		w.line("method (%s) %s%s", receiver, f.Name(), w.signature(f))
	}
}
