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

// windows has an errno_gen file of its own: no code is the system's there.
const windows = "windows"

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
	path, err := windowsErrors()
	if err != nil {
		return nil, err
	}
	if sys[windows], err = windowsNames(path); err == nil && len(sys[windows]) == 0 {
		err = fmt.Errorf("the toolchain's package syscall has no errnos for %s", windows)
	}
	return sys, err
}

// zerrors lists the syscall package's files of errno constants.
func zerrors() ([]string, error) {
	dir, err := syscallDir()
	if err != nil {
		return nil, err
	}
	return filepath.Glob(filepath.Join(dir, "zerrors_*_*.go"))
}

// windowsErrors is the syscall package's file of Windows' error constants.
func windowsErrors() (string, error) {
	dir, err := syscallDir()
	return filepath.Join(dir, "zerrors_windows.go"), err
}

// syscallDir is the directory of the toolchain's package syscall.
func syscallDir() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src", "syscall"), nil
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

// windowsNames returns the constants of the form ENAME of Windows' file. Two are Windows'
// own errors, the others are invented.
func windowsNames(path string) (map[string]bool, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, decl := range f.Decls {
		if block, ok := decl.(*ast.GenDecl); ok && block.Tok == token.CONST {
			for _, spec := range block.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(id.Name, "E") && !strings.Contains(id.Name, "_") {
						names[id.Name] = true
					}
				}
			}
		}
	}
	return names, nil
}
