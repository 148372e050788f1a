package uvfs_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvfs"
)

// row matches a row of a table of docs/uvfs.md.
var row = regexp.MustCompile("(?m)^\\| (`[^|]+`) \\| ([^|]*?) ?\\|$")

// code matches a name of Go's in a cell, such as `FS.Open`.
var code = regexp.MustCompile("`((?:FS|File)\\.)?([A-Z]\\w*)`")

// TestNamesAreThoseOfOS: each exported function of package os and each method of os.File
// stands in docs/uvfs.md, with the one of uvfs that has the same name, or with a reason.
// Each exported function of uvfs stands there, too.
func TestNamesAreThoseOfOS(t *testing.T) {
	page := string(uvtest.Must(os.ReadFile("../docs/uvfs.md")))
	sections := map[string]string{}
	for _, s := range strings.Split(page, "\n## ")[1:] {
		head, body, _ := strings.Cut(s, "\n")
		sections[head] = body
	}
	have := exported(t, ".", "FS", "File")
	theirs := exported(t, filepath.Join(build.Default.GOROOT, "src/os"), "File")
	if !theirs["OpenFile"] || !theirs["File.Seek"] || len(theirs) < 70 {
		t.Fatalf("package os has %v", slices.Sorted(maps.Keys(theirs)))
	}
	named := map[string]bool{}
	for head, prefix := range map[string]string{"Functions": "", "Methods of File": "File."} {
		for _, m := range row.FindAllStringSubmatch(sections[head], -1) {
			name := prefix + strings.Trim(m[1], "`")
			if !theirs[name] {
				t.Errorf("the page has %s, which package os has not, or has twice", name)
			}
			delete(theirs, name)
			ours, base := "", strings.TrimPrefix(name, "File.")
			for _, candidate := range []string{"FS." + base, base} {
				if prefix == "" && have[candidate] {
					ours = candidate
				}
			}
			if prefix != "" && have[name] {
				ours = name
			}
			switch {
			case ours != "" && m[2] != "`"+ours+"`":
				t.Errorf("the page says %q of %s; uvfs has %s", m[2], name, ours)
			case ours == "" && (m[2] == "" || strings.HasPrefix(m[2], "`FS.") || strings.HasPrefix(m[2], "`File.")):
				t.Errorf("the page says %q of %s, which uvfs has not", m[2], name)
			}
			named[ours] = true
		}
	}
	for name := range theirs {
		t.Errorf("package os has %s, and the page has not", name)
	}
	for _, m := range row.FindAllStringSubmatch(sections["What only uvfs has"], -1) {
		for _, c := range code.FindAllStringSubmatch(m[1], -1) {
			if name := c[1] + c[2]; !have[name] {
				t.Errorf("the page has %s, and uvfs has not", name)
			}
			named[c[1]+c[2]] = true
		}
	}
	for name := range have {
		if !named[name] {
			t.Errorf("uvfs has %s, and the page has not", name)
		}
	}
}

// exported returns the exported functions of the package in dir, and the exported
// methods of the types, as Type.Method: those that this system's files declare.
func exported(t *testing.T, dir string, types ...string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	pkg := uvtest.Must(build.ImportDir(dir, 0))
	for _, name := range slices.Concat(pkg.GoFiles, pkg.CgoFiles) {
		file := uvtest.Must(parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution))
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() {
				continue
			}
			if fn.Recv == nil {
				all[fn.Name.Name] = true
				continue
			}
			recv := fn.Recv.List[0].Type
			if p, ok := recv.(*ast.StarExpr); ok {
				recv = p.X
			}
			if id, ok := recv.(*ast.Ident); ok && slices.Contains(types, id.Name) {
				all[id.Name+"."+fn.Name.Name] = true
			}
		}
	}
	return all
}

// TestFileMethodsAreThoseOfOS: methods of the same name have the same signature.
func TestFileMethodsAreThoseOfOS(t *testing.T) {
	ours, theirs := reflect.TypeFor[*uvfs.File](), reflect.TypeFor[*os.File]()
	same := 0
	for i := range ours.NumMethod() {
		m := ours.Method(i)
		their, ok := theirs.MethodByName(m.Name)
		if !ok {
			continue
		}
		same++
		a, b := signature(m.Type), signature(their.Type)
		if a != b {
			t.Errorf("%s is %s, in package os %s", m.Name, a, b)
		}
	}
	if same < 19 {
		t.Errorf("only %d methods have names of package os", same)
	}
}

// signature writes a method's type without its receiver.
func signature(m reflect.Type) string {
	s := ""
	for i := 1; i < m.NumIn(); i++ {
		s += m.In(i).String() + " "
	}
	s += "→"
	for i := range m.NumOut() {
		s += " " + m.Out(i).String()
	}
	return s
}
