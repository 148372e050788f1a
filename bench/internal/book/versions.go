package book

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// Versions finds what is on this machine.
type Versions struct {
	Dir    string // this module's directory
	Python string // the python3 that scripts run by: Debian's, which has Debian's packages; "" if there is none
}

// systemPython is Debian's. One in a directory of its own does not see python3-uvloop.
const systemPython = "/usr/bin/python3"

// NewVersions looks around.
func NewVersions(dir string) *Versions {
	v := &Versions{Dir: dir}
	for _, name := range []string{systemPython, "python3"} {
		if path, err := exec.LookPath(name); err == nil {
			v.Python = path
			break
		}
	}
	return v
}

// output runs a command in the module's directory and returns its output without the space around it.
func (v *Versions) output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = v.Dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// GoStd is the version of a peer that is in Go's standard library.
func GoStd(context.Context, *Versions) (string, error) { return runtime.Version(), nil }

// Own is the version of what is built from this checkout: the commit.
func Own(ctx context.Context, v *Versions) (string, error) { return Commit(ctx, v.Dir), nil }

// GoModule returns what finds the version of a module in go.mod.
func GoModule(path string) func(context.Context, *Versions) (string, error) {
	return func(ctx context.Context, v *Versions) (string, error) {
		out, err := v.output(ctx, "go", "list", "-m", "-f", "{{.Version}}", path)
		if err != nil {
			return "", fmt.Errorf("bench/go.mod does not have %s", path)
		}
		return out, nil
	}
}

// Libuv is the version of the libuv that uvgo and the programs in C link.
func Libuv(ctx context.Context, v *Versions) (string, error) {
	cmd := exec.CommandContext(ctx, "pkg-config", "--modversion", "libuv-static")
	cmd.Dir, cmd.Env = v.Dir, harness.LibuvEnv(v.Dir)
	out, err := cmd.Output()
	if err != nil {
		return "", errors.New("no libuv: run make libuv")
	}
	return strings.TrimSpace(string(out)), nil
}

// Compiler is the version of the C compiler, for peers that need nothing else.
func Compiler(ctx context.Context, v *Versions) (string, error) {
	out, err := v.output(ctx, "cc", "--version")
	if err != nil {
		return "", errors.New("no C compiler: apt-get install gcc")
	}
	line, _, _ := strings.Cut(out, "\n")
	return line, nil
}

// Python returns what finds the versions of Python and of some of its modules; debian is the package to install for those that are missing.
func Python(debian string, modules ...string) func(context.Context, *Versions) (string, error) {
	return func(ctx context.Context, v *Versions) (string, error) {
		missing := fmt.Errorf("not installed: apt-get install %s", debian)
		if v.Python == "" {
			return "", missing
		}
		script := "import platform\nv = [platform.python_version()]\n"
		for _, m := range modules {
			script += fmt.Sprintf("import %s\nv.append('%s ' + %s.__version__)\n", m, m, m)
		}
		out, err := v.output(ctx, v.Python, "-c", script+"print('Python', ', '.join(v))")
		if err != nil {
			return "", missing
		}
		return out, nil
	}
}

// Commit is the checkout's commit, and whether files differ from it.
func Commit(ctx context.Context, dir string) string {
	v := &Versions{Dir: dir}
	id, err := v.output(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "unknown"
	}
	if changed, err := v.output(ctx, "git", "status", "--porcelain", "--untracked-files=no"); err == nil && changed != "" {
		id += ", changed"
	}
	return id
}

// all are the versions of what programs are built and run by, by name. What is not there is left out.
func (v *Versions) all(ctx context.Context) map[string]string {
	m := map[string]string{}
	for name, find := range map[string]func(context.Context, *Versions) (string, error){
		"Go": GoStd, "C compiler": Compiler, "libuv": Libuv, "Python": Python("python3"),
	} {
		if text, err := find(ctx, v); err == nil {
			m[name] = text
		}
	}
	return m
}
