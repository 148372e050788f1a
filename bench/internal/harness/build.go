package harness

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// cflags of every C program: what a release build gets.
var cflags = []string{"-std=c11", "-O2", "-Wall", "-Wextra"}

// A Builder compiles programs of the bench module.
type Builder struct {
	ctx      context.Context
	dir, out string
	env      []string
}

// NewBuilder builds from dir, the module's directory, into out. The repository's
// libuv comes first on pkg-config's path, as in the Makefile, so that a program
// also builds without make. It tells on the standard error that it builds.
func NewBuilder(ctx context.Context, dir, out string) *Builder {
	fmt.Fprintln(os.Stderr, "building the programs, some minutes the first time")
	return &Builder{ctx: ctx, dir: dir, out: out, env: LibuvEnv(dir)}
}

// LibuvEnv is the environment in which pkg-config finds the repository's libuv first, if it has been built.
func LibuvEnv(dir string) []string {
	env := os.Environ()
	own, err := filepath.Abs(filepath.Join(dir, "..", "third_party", "libuv", "build"))
	if err != nil {
		return env
	}
	if _, err := os.Stat(filepath.Join(own, "libuv-static.pc")); err != nil {
		return env
	}
	path := strings.TrimSuffix(own+":"+os.Getenv("PKG_CONFIG_PATH"), ":")
	return append(env, "PKG_CONFIG_PATH="+path)
}

// Go builds a package, such as ./echo-net, and returns the program's path.
func (b *Builder) Go(name, pkg string) (string, error) {
	path := filepath.Join(b.out, name)
	_, err := b.run(name, "go", "build", "-o", path, pkg)
	return path, err
}

// C builds a program of sources in the directory c, with libuv if uv is set, and
// returns its path.
func (b *Builder) C(name string, uv bool, sources ...string) (string, error) {
	path := filepath.Join(b.out, name)
	args := append([]string{}, cflags...)
	args = append(args, "-o", path)
	for _, s := range sources {
		args = append(args, filepath.Join("c", s))
	}
	if uv {
		flags, err := b.run(name, "pkg-config", "--cflags", "--libs", "libuv-static")
		if err != nil {
			return "", fmt.Errorf("%w\n(run `make libuv` first)", err)
		}
		args = append(args, strings.Fields(flags)...)
	}
	_, err := b.run(name, cmp.Or(os.Getenv("CC"), "cc"), args...)
	return path, err
}

// run runs a build command in the module's directory and returns its output.
func (b *Builder) run(what, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.Dir, cmd.Env = b.dir, b.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building %s: %s: %w\n%s", what, name, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}

// Test compiles the tests of a package of the root module, such as ./server, and returns the
// program's path.
func (b *Builder) Test(name, pkg string) (string, error) {
	path, err := filepath.Abs(filepath.Join(b.out, name+".test"))
	if err != nil {
		return "", err
	}
	root := *b
	root.dir = filepath.Join(b.dir, "..")
	_, err = root.run(name, "go", "test", "-c", "-o", path, pkg)
	return path, err
}
