package cuv_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestBuildSaysWhatItNeeds: where uvgo cannot be built, go build says why in one line,
// the first and, where the compiler is Go's, the only one.
func TestBuildSaysWhatItNeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the standard library for other systems: not under -short")
	}
	const (
		cgo     = "uvgo needs cgo and a C compiler: install gcc, set CGO_ENABLED=1; for another GOOS or GOARCH set CC to a cross compiler; go run github.com/uvgo/uvgo/cmd/libuv -check says what is missing"
		bits    = "uvgo needs a 64-bit system: this GOARCH is of 32 bits"
		windows = "uvgo does not run on Windows yet: docs/platforms.md says what is missing"
	)
	for _, tt := range []struct {
		name, pkg, want string
		env             []string
	}{
		{"no cgo", "../server", cgo, []string{"CGO_ENABLED=0"}},
		{"no compiler", "../server", cgo, []string{"CGO_ENABLED=", "CC=", "PATH=" + filepath.Dir(goCommand(t))}},
		{"windows", "../...", windows, []string{"CGO_ENABLED=0", "GOOS=windows"}},
		{"windows of 32 bits", ".", windows, []string{"CGO_ENABLED=0", "GOOS=windows", "GOARCH=386"}},
		{"darwin", "../...", cgo, []string{"CGO_ENABLED=0", "GOOS=darwin"}},
		{"386", ".", bits, []string{"CGO_ENABLED=0", "GOARCH=386"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines := failedBuild(t, tt.pkg, tt.env...)
			if len(lines) != 2 || !strings.HasPrefix(lines[0], "# ") || !strings.Contains(lines[1], tt.want) {
				t.Errorf("go build says\n%s\nwant a line with %q, and no other error", strings.Join(lines, "\n"), tt.want)
			}
		})
	}
}

// TestBuildWithCgoSaysWhatItNeeds: with cgo, too, go build and go vet say in one line that
// uvgo does not run on a system. They say it instead of looking for libuv, and as soon as they
// have a C compiler with which Go's own runtime can be built.
func TestBuildWithCgoSaysWhatItNeeds(t *testing.T) {
	const (
		bits    = "uvgo needs a 64-bit system: this GOARCH is of 32 bits"
		windows = "uvgo does not run on Windows yet: docs/platforms.md says what is missing"
	)
	for _, tt := range []struct{ goos, goarch, cc, want string }{
		{"windows", "amd64", "x86_64-w64-mingw32-gcc", windows},
		{"windows", "386", "i686-w64-mingw32-gcc", windows},
		{"windows", "arm64", "aarch64-w64-mingw32-gcc", windows},
		{"linux", "386", "i686-linux-gnu-gcc", bits},
		{"linux", "arm", "arm-linux-gnueabihf-gcc", bits},
		{"linux", "mips", "mips-linux-gnu-gcc", bits},
		{"linux", "mipsle", "mipsel-linux-gnu-gcc", bits},
		{"freebsd", "386", "", bits},
	} {
		env := []string{"CGO_ENABLED=1", "CC=" + tt.cc, "GOOS=" + tt.goos, "GOARCH=" + tt.goarch}
		t.Run(tt.goos+"_"+tt.goarch, func(t *testing.T) {
			cmd := exec.Command(goCommand(t), "list", "-f", "{{range .CgoCFLAGS}}{{println .}}{{end}}{{range .CgoPkgConfig}}pkg-config {{println .}}{{end}}", ".")
			cmd.Env = append(os.Environ(), env...)
			flags := strings.Split(string(uvtest.Must(cmd.Output())), "\n")
			if n := slices.Index(flags, tt.want); n < 0 || slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, "pkg-config") }) {
				t.Errorf("the flags are %q, want %q and no call of pkg-config", flags, tt.want)
			}
			if _, err := exec.LookPath(tt.cc); err != nil || testing.Short() {
				return // the flags have been looked at; to go further takes the compiler and a minute
			}
			for _, verb := range []string{"build", "vet"} {
				lines := failed(t, verb, ".", env...)
				if len(lines) != 1 || !strings.Contains(lines[0], tt.want) {
					t.Errorf("go %s says\n%s\nwant one line with %q", verb, strings.Join(lines, "\n"), tt.want)
				}
			}
		})
	}
}

// TestBuildRefusesAnOldLibuv: the first error tells where another libuv comes from
// and how go finds it.
func TestBuildRefusesAnOldLibuv(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"uv.h":            "#define UV_VERSION_HEX 0x012c02\n", // Debian 12's
		"libuv-static.pc": "Name: libuv-static\nVersion: 1.44.2\nDescription: old\nCflags: -I" + dir + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// go's cache does not look at what pkg-config says: a flag of its own.
	out := strings.Join(failedBuild(t, ".", "PKG_CONFIG_PATH="+dir, "CGO_CFLAGS=-O2 -g -DUVGO_OLD"), "\n")
	_, first, _ := strings.Cut(out, "error: ")
	first, _, _ = strings.Cut(first, "\n")
	for _, want := range []string{"libuv 1.48 or newer", "go run github.com/uvgo/uvgo/cmd/libuv -w", "libuv1-dev"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first error is %q, without %q", first, want)
		}
	}
}

// failedBuild returns the lines of a go build that has to fail.
func failedBuild(t *testing.T, pkg string, env ...string) []string {
	t.Helper()
	return failed(t, "build", pkg, env...)
}

// failed returns the lines of a go build or go vet that has to fail.
func failed(t *testing.T, verb, pkg string, env ...string) []string {
	t.Helper()
	cmd := exec.Command(goCommand(t), verb, pkg)
	if verb == "build" {
		cmd.Args = []string{cmd.Args[0], verb, "-o", os.DevNull, pkg}
	}
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("go %s %s succeeds with %v", verb, pkg, env)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// goCommand is the go command's path.
func goCommand(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
