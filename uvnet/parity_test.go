package uvnet

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// twins are package net's types and uvnet's of the same names.
var twins = [][2]any{
	{new(net.TCPConn), new(TCPConn)},
	{new(net.TCPListener), new(TCPListener)},
	{new(net.UDPConn), new(UDPConn)},
	{new(net.UnixConn), new(UnixConn)},
	{new(net.UnixListener), new(UnixListener)},
	{new(net.Dialer), new(Dialer)},
	{new(net.ListenConfig), new(ListenConfig)},
	{new(net.Resolver), new(Resolver)},
}

// missing are the names that docs/uvnet.md lists as missing or different, such as
// "Dialer.DialIP".
func missing(t *testing.T) []string {
	text, err := os.ReadFile("../docs/uvnet.md")
	uvtest.Check(t, err)
	_, section, ok := strings.Cut(string(text), "\n## What is missing\n")
	if !ok {
		t.Fatal("docs/uvnet.md does not say what is missing")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(section, -1) {
		for _, m := range regexp.MustCompile("`([A-Za-z.]+)`").FindAllStringSubmatch(m[1], -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// TestNothingIsMissing: whatever package net's types and functions for sockets
// have is here, with the same signature, or docs/uvnet.md says what to do without
// it.
func TestNothingIsMissing(t *testing.T) {
	listed := missing(t)
	found := make(map[string]bool)
	note := func(name, theirs, ours string) {
		if theirs == ours {
			return
		}
		if found[name] = true; !slices.Contains(listed, name) {
			t.Errorf("%s: package net has %q, uvnet %q, and docs/uvnet.md does not say so", name, theirs, ours)
		}
	}
	for _, pair := range twins {
		theirs, ours := reflect.TypeOf(pair[0]), reflect.TypeOf(pair[1])
		name := ours.Elem().Name()
		for i := range theirs.NumMethod() {
			m := theirs.Method(i)
			o, ok := ours.MethodByName(m.Name)
			if !ok {
				note(name+"."+m.Name, m.Type.String(), "")
				continue
			}
			note(name+"."+m.Name, m.Type.String(), asNet(o.Type.String()))
		}
		for f := range theirs.Elem().Fields() {
			if !f.IsExported() {
				continue
			}
			o, ok := ours.Elem().FieldByName(f.Name)
			if !ok {
				note(name+"."+f.Name, f.Type.String(), "")
				continue
			}
			note(name+"."+f.Name, f.Type.String(), asNet(o.Type.String()))
		}
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := functions(t, filepath.Join(strings.TrimSpace(string(root)), "src", "net")), functions(t, ".")
	if len(theirs) == 0 {
		t.Log("the source of package net is not installed here: its functions were not compared")
	}
	for name, signature := range theirs {
		note(name, signature, ours[name])
	}
}

// asNet writes a signature of ours as package net would have it.
func asNet(signature string) string {
	for _, pair := range twins {
		name := reflect.TypeOf(pair[1]).Elem().Name()
		signature = regexp.MustCompile(`\buvnet\.`+name+`\b`).ReplaceAllString(signature, "net."+name)
	}
	return signature
}

// functions are the signatures of the functions in a directory that make sockets,
// names of parameters left out.
func functions(t *testing.T, dir string) map[string]string {
	all := make(map[string]string)
	if _, err := os.Stat(dir); err != nil {
		return all
	}
	set := token.NewFileSet()
	uvtest.Check(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if e.IsDir() && path != dir {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || err != nil {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && f.Recv == nil && regexp.MustCompile(`^(Dial|Listen|File)`).MatchString(f.Name.Name) {
				all[f.Name.Name] = types(f.Type.Params) + " " + types(f.Type.Results)
			}
		}
		return nil
	}))
	return all
}

// types writes the types of a list, without the package that they are of.
func types(list *ast.FieldList) string {
	var all []string
	for _, f := range list.List {
		for range max(1, len(f.Names)) {
			all = append(all, typeText(f.Type))
		}
	}
	return "(" + strings.Join(all, ", ") + ")"
}

func typeText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return "*" + typeText(e.X)
	case *ast.SelectorExpr:
		if x := typeText(e.X); x != "net" {
			return x + "." + e.Sel.Name
		}
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return "?"
}
