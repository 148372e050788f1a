package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
)

// unixes are the systems of Go's "unix" build constraint. Go also builds a file for
// linux on android, one for darwin on ios, and one for solaris on illumos.
var unixes = []string{"aix", "darwin", "dragonfly", "freebsd", "linux", "netbsd", "openbsd", "solaris"}

// syscallErrnos are the errnos that package syscall has, by system and name.
type syscallErrnos map[string]map[string]bool

// onAll reports whether every Unix has the errno, onNone whether none has.
func (s syscallErrnos) onAll(name string) bool {
	for _, goos := range unixes {
		if !s[goos][name] {
			return false
		}
	}
	return true
}

func (s syscallErrnos) onNone(name string) bool {
	for _, goos := range unixes {
		if s[goos][name] {
			return false
		}
	}
	return true
}

// readSyscall reads the toolchain's zerrors files. A system has an errno if all of its
// architectures have it.
func readSyscall() (syscallErrnos, error) {
	files, err := zerrors()
	if err != nil {
		return nil, err
	}
	sys := make(syscallErrnos)
	for _, path := range files {
		names, err := errnoNames(path)
		if err != nil {
			return nil, err
		}
		goos := strings.Split(filepath.Base(path), "_")[1]
		if sys[goos] == nil {
			sys[goos] = names
			continue
		}
		for name := range sys[goos] {
			if !names[name] {
				delete(sys[goos], name)
			}
		}
	}
	for _, goos := range unixes {
		if len(sys[goos]) == 0 {
			return nil, fmt.Errorf("the toolchain's package syscall has no errnos for %s", goos)
		}
	}
	return sys, nil
}

// zerrors lists the syscall package's files of errno constants.
func zerrors() ([]string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "src", "syscall")
	return filepath.Glob(filepath.Join(dir, "zerrors_*_*.go"))
}

// errnoNames returns the constants of the form NAME = Errno(n).
func errnoNames(path string) (map[string]bool, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
			return true
		}
		if call, ok := spec.Values[0].(*ast.CallExpr); ok {
			if fun, ok := call.Fun.(*ast.Ident); ok && fun.Name == "Errno" {
				names[spec.Names[0].Name] = true
			}
		}
		return false
	})
	return names, nil
}
