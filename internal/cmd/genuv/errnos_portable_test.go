package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// checkFor type-checks the committed error codes for one system against the
// errnos of a zerrors file of the toolchain and returns the package.
func checkFor(t *testing.T, goos, zerrors string) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	parse := func(path string, src any) *ast.File {
		f, err := parser.ParseFile(fset, path, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	stub := "package syscall\ntype (\nErrno uintptr\nSignal int\n)"
	if goos == windows {
		stub += "\nconst ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_NOT_SUPPORTED Errno = 2, 3, 50"
	}
	sys, err := (&types.Config{}).Check("syscall", fset, []*ast.File{
		parse(zerrors, nil),
		parse("stub.go", stub),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cuv, err := (&types.Config{}).Check("github.com/uvgo/uvgo/cuv", fset, []*ast.File{
		parse("stub.go", "package cuv\nconst EFTYPE = -4028"), // the locked libuv's
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	conf := &types.Config{Importer: importFunc(func(path string) (*types.Package, error) {
		for _, pkg := range []*types.Package{sys, cuv} {
			if pkg.Path() == path {
				return pkg, nil
			}
		}
		return nil, fmt.Errorf("import of %s", path)
	})}
	files := []*ast.File{
		parse(filepath.Join(uvDir, "errno_gen_table.go"), nil),
		parse(filepath.Join(uvDir, "errno_gen_"+goos+".go"), nil),
		parse("stub.go", "package uv\ntype Errno int32\ntype errnoEntry struct{code Errno; name, message string}"),
	}
	if goos == windows {
		files = append(files, parse(filepath.Join(uvDir, "errno_windows.go"), nil))
	} else {
		files = append(files, parse(filepath.Join(uvDir, "errno_gen.go"), nil), parse(filepath.Join(uvDir, "errno_unix.go"), nil))
	}
	pkg, err := conf.Check("uv", fset, files, nil)
	if err != nil {
		t.Fatalf("%s with %s: %v", goos, filepath.Base(zerrors), err)
	}
	return pkg
}

// importFunc imports packages for the type checker.
type importFunc func(path string) (*types.Package, error)

func (f importFunc) Import(path string) (*types.Package, error) { return f(path) }

// number is the value of one code in a checked package.
func number(t *testing.T, pkg *types.Package, name string) int64 {
	t.Helper()
	c, ok := pkg.Scope().Lookup(name).(*types.Const)
	if !ok {
		t.Fatalf("%s is no constant", name)
	}
	n, _ := constant.Int64Val(c.Val())
	return n
}

func TestCodesOnEveryUnix(t *testing.T) {
	files, err := zerrors()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]int64{
		"linux":   {"ENODATA": -61, "EUNATCH": -49, "ENONET": -64, "EREMOTEIO": -121, "EFTYPE": -4028, "EAGAIN": -11},
		"darwin":  {"ENODATA": -96, "EUNATCH": -4023, "ENONET": -4056, "EREMOTEIO": -4030, "EFTYPE": -79, "EAGAIN": -35, "EHOSTDOWN": -64},
		"freebsd": {"ENODATA": -9919, "EUNATCH": -4023, "ENONET": -4056, "EREMOTEIO": -4030, "EFTYPE": -79, "EAGAIN": -35, "EHOSTDOWN": -64},
		"openbsd": {"ENODATA": -4024, "EFTYPE": -79},
		"netbsd":  {"ENODATA": -89, "EFTYPE": -79},
	}
	checked := make(map[string]bool)
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "zerrors_"), ".go")
		goos, arch, _ := strings.Cut(name, "_")
		pkg := checkFor(t, goos, path)
		checked[goos] = true
		if strings.HasPrefix(arch, "mips") || strings.HasPrefix(arch, "sparc") {
			continue // numbers its errnos otherwise
		}
		for code, n := range want[goos] {
			if got := number(t, pkg, code); got != n {
				t.Errorf("%s: %s = %d, want %d", name, code, got, n)
			}
		}
	}
	for _, goos := range unixes {
		if !checked[goos] {
			t.Errorf("nothing checked for %s", goos)
		}
	}
}

// TestCodesOnWindows asks the C compiler for the codes that uv.h gives Windows.
func TestCodesOnWindows(t *testing.T) {
	path, err := windowsErrors()
	if err != nil {
		t.Fatal(err)
	}
	pkg := checkFor(t, windows, path)
	for code, n := range compilerCodes(t, "-D_WIN32", "-U__linux__") {
		if got := number(t, pkg, code); got != n {
			t.Errorf("%s = %d, C has %d", code, got, n)
		}
	}
	if got := number(t, pkg, "EAGAIN"); got != -4088 {
		t.Errorf("EAGAIN = %d", got)
	}
	names, err := windowsNames(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ENOENT", "EACCES", "ETIMEDOUT", "EINVAL"} { // what errors.Is needs
		if !names[name] {
			t.Errorf("package syscall has no %s for Windows", name)
		}
	}
}

// compilerCodes asks the C compiler for every code of uv.h.
func compilerCodes(t *testing.T, flags ...string) map[string]int64 {
	t.Helper()
	h, err := readHeaders(lockedInclude(t))
	if err != nil {
		t.Fatal(err)
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: ", err)
	}
	var src strings.Builder
	src.WriteString("#include <uv/errno.h>\n")
	for _, e := range h.errnos {
		src.WriteString("code " + e.name + "_ = UV__" + e.name + ";\n")
	}
	cmd := exec.Command(cc, append(flags, "-E", "-P", "-I", lockedInclude(t), "-")...)
	cmd.Stdin = strings.NewReader(src.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	codes := make(map[string]int64)
	for _, m := range regexp.MustCompile(`code (\w+)_ = \(-\(?(\d+)\)?\);`).FindAllSubmatch(out, -1) {
		n, _ := strconv.ParseInt(string(m[2]), 10, 64)
		codes[string(m[1])] = -n
	}
	if len(codes) != len(h.errnos) {
		t.Fatalf("the compiler answers %d of %d codes", len(codes), len(h.errnos))
	}
	return codes
}

func TestCodesAgreeWithCompiler(t *testing.T) {
	codes := compilerCodes(t)
	goroot, err := zerrors()
	if err != nil {
		t.Fatal(err)
	}
	suffix := "_" + runtime.GOOS + "_" + runtime.GOARCH + ".go"
	for _, path := range goroot {
		if !strings.HasSuffix(path, suffix) {
			continue
		}
		pkg := checkFor(t, runtime.GOOS, path)
		for code, n := range codes {
			if got := number(t, pkg, code); got != n {
				t.Errorf("%s = %d, C has %d", code, got, n)
			}
		}
		return
	}
	t.Skip("the toolchain has no errnos for ", suffix)
}
