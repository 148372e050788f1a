package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/third_party/libuv"
)

// program builds this command once for all tests, in a form that reads another lock.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "uvgo-libuv-test-")
	if err != nil {
		return "", err
	}
	programDir = dir
	path := filepath.Join(dir, "libuv")
	cmd := exec.Command("go", "build", "-ldflags", "-X main.underTest=1", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

var programDir string

// removeProgram is for the end of the tests.
func removeProgram() error {
	if programDir == "" {
		return nil
	}
	return os.RemoveAll(programDir)
}

// A machine is a user's, with an empty cache and no variables of go's, whose libuv.lock
// pins a made-up libuv.
type machine struct {
	t       *testing.T
	dir     string // everything is below it
	cache   string
	tarball string
	env     []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, dir: dir, cache: filepath.Join(dir, "cache", "uvgo", "libuv"), tarball: filepath.Join(dir, "stub.tar.gz")}
	m.write("stub.tar.gz", tarball(stub(nil)))
	goCache, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(string(goCache))
	// A machine without a Debian mirror in its apt sources.
	m.write("apt.list", nil)
	m.write("apt.conf", fmt.Appendf(nil, "Dir::Etc::sourcelist \"%[1]s/apt.list\";\nDir::Etc::sourceparts \"/dev/null\";\n", dir))
	m.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir,
		"XDG_CACHE_HOME=" + filepath.Join(dir, "cache"), "XDG_CONFIG_HOME=" + filepath.Join(dir, "config"),
		"GOCACHE=" + caches[0], "GOMODCACHE=" + caches[1], "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local",
		"UVGO_LIBUV_LOCK=" + filepath.Join(dir, "lock"), "APT_CONFIG=" + filepath.Join(dir, "apt.conf"),
	}
	m.lock(m.tarball)
	// A few of the files: compiling all of them is what takes time.
	m.write("sources.txt", []byte("all version idna unix/udp\n"))
	return m
}

// lock pins tarballs, each with an address.
func (m *machine) lock(files ...string) {
	m.t.Helper()
	var b strings.Builder
	b.WriteString("version=1.50.0\nsuite=trixie\nsource=libuv1\n")
	for i, file := range files {
		name, address, _ := strings.Cut(file, " ")
		text, err := os.ReadFile(name)
		if err != nil {
			m.t.Fatal(err)
		}
		fmt.Fprintf(&b, "tarball=stub%d.tar.gz\nsha256=%x\n", i, sha256.Sum256(text))
		if address != "" {
			fmt.Fprintf(&b, "url=%s\n", address)
		}
	}
	m.write("lock", []byte(b.String()))
}

// write writes a file below the machine's directory, and returns its path.
func (m *machine) write(name string, text []byte) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// script writes a program.
func (m *machine) script(name, text string) string {
	m.t.Helper()
	path := m.write(name, []byte("#!/bin/sh\n"+text+"\n"))
	if err := os.Chmod(path, 0o755); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// A result is what a run printed.
type result struct {
	stdout, stderr string
	status         int
}

func (m *machine) command(args ...string) *exec.Cmd {
	m.t.Helper()
	path, err := program()
	if err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.CommandContext(m.t.Context(), path, args...)
	cmd.Dir, cmd.Env = m.dir, slices.Clone(m.env)
	return cmd
}

// run runs the program.
func (m *machine) run(args ...string) result {
	m.t.Helper()
	return m.runs(m.command(args...))
}

func (m *machine) runs(cmd *exec.Cmd) result {
	m.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	status := statusOf(m.t, cmd.Run())
	return result{stdout.String(), stderr.String(), status}
}

// must runs the program, which has to succeed.
func (m *machine) must(args ...string) result {
	m.t.Helper()
	r := m.run(args...)
	if r.status != 0 {
		m.t.Fatalf("libuv %v: status %d\n%s%s", args, r.status, r.stdout, r.stderr)
	}
	return r
}

// nothingLeft checks that the cache has no libuv and nothing half made.
func (m *machine) nothingLeft(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(m.cache)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != ".lock" && !strings.HasPrefix(e.Name(), "src-") {
			t.Errorf("left in the cache: %s", e.Name())
		}
	}
}

// listing has each file with its identity and time.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		files = append(files, fmt.Sprint(path, info.Size(), info.ModTime()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// stub is a made-up libuv: each file that is compiled, with one symbol. further adds to
// files, or replaces them.
func stub(further map[string]string) map[string]string {
	files := map[string]string{
		"LICENSE": "free\n", "LICENSE-extra": "free\n",
		"include/uv.h":         "unsigned int uv_version(void);\n#define UV_VERSION_HEX 0x013200\n",
		"include/uv/version.h": "\n",
	}
	for line := range strings.Lines(libuv.Sources) {
		words := strings.Fields(line)
		for _, name := range words[1:] {
			files["src/"+name+".c"] = "int stub_" + strings.NewReplacer("/", "_", "-", "_").Replace(name) + ";\n"
		}
	}
	files["src/version.c"] = "#include <uv.h>\n__attribute__((visibility(\"default\"))) unsigned int uv_version(void) { return UV_VERSION_HEX; }\n"
	for name, text := range further {
		files[name] = text
	}
	return files
}

// tarball packs files below one top directory.
func tarball(files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		_ = t.WriteHeader(&tar.Header{Name: "libuv-stub/" + name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg})
		_, _ = t.Write([]byte(files[name]))
	}
	_, _ = t.Close(), z.Close()
	return b.Bytes()
}
