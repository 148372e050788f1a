package cuv_test

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestDescriptorsAreInOnePlace: no C file but fd.h names the fields in which libuv keeps
// descriptors, and cuv.h, which all of them include, has nothing of signals: libuv's handles
// have other fields on Windows, which has no signal masks either.
func TestDescriptorsAreInOnePlace(t *testing.T) {
	fields := regexp.MustCompile(`\b(io_watcher|accepted_fd|emfile_fd|inotify_fd|inotify_read_watcher|queued_fds|uv__stream_fd)\b`)
	signals := regexp.MustCompile(`\b(sigset_t|siginfo_t|struct sigaction|signal\.h)\b`)
	for _, name := range append(uvtest.Must(filepath.Glob("*.c")), uvtest.Must(filepath.Glob("*.h"))...) {
		text := string(uvtest.Must(os.ReadFile(name)))
		if field := fields.FindString(text); field != "" && name != "fd.h" {
			t.Errorf("%s names %s: use fd.h's functions", name, field)
		}
		if signal := signals.FindString(text); signal != "" && name == "cuv.h" {
			t.Errorf("%s names %s", name, signal)
		}
	}
}

// TestCOnWindows: every C file compiles for Windows, but for those that docs/platforms.md lists.
func TestCOnWindows(t *testing.T) {
	const cc = "x86_64-w64-mingw32-gcc"
	if _, err := exec.LookPath(cc); err != nil {
		t.Skip("needs MinGW-w64: ", err)
	}
	if cuv.Linkage == "shared" {
		t.Skip("next.c has more to do beside a shared libuv on Linux: the test with the static one compiles what Windows would have")
	}
	doc := string(uvtest.Must(os.ReadFile("../docs/platforms.md")))
	_, section, _ := strings.Cut(doc, "\n## Windows\n")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllStringSubmatch(section, -1) {
		for _, name := range strings.Fields(row[1]) {
			listed[strings.Trim(name, "`")] = true
		}
	}
	files := uvtest.Must(filepath.Glob("*.c"))
	if count := fmt.Sprintf("- %d of %d C files ", len(files)-len(listed), len(files)); !strings.Contains(section, count) {
		t.Errorf("docs/platforms.md does not say %q", count)
	}
	args := append([]string{"-std=gnu11", "-Wall", "-Werror", "-I.", "-Itestdata/systems/unix"}, libuvFlags(t)...)
	// libuv's header and Windows' are many lines: they are compiled once.
	uv := filepath.Join(t.TempDir(), "uv.h")
	if out, err := exec.Command(cc, append(args, "-x", "c-header", "-include", "uv.h", "-o", uv+".gch", os.DevNull)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range files {
		out, err := exec.Command(cc, append(args, "-fsyntax-only", "-include", uv, name)...).CombinedOutput()
		if err != nil && !listed[name] {
			t.Errorf("%s does not compile: %v\n%s", name, err, out)
		}
		if err == nil && listed[name] {
			t.Errorf("%s compiles, and docs/platforms.md says that it does not", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("docs/platforms.md lists %s, which is no file of cuv", name)
	}
}

// libuvFlags are the flags with which the C compiler finds libuv's headers.
func libuvFlags(t *testing.T) []string {
	t.Helper()
	name := "libuv-static"
	if cuv.Linkage == "shared" {
		name = "libuv"
	}
	pkgConfig := cmp.Or(os.Getenv("PKG_CONFIG"), "pkg-config")
	return strings.Fields(string(uvtest.Must(exec.Command(pkgConfig, "--cflags", name).Output())))
}

// TestCOnOtherSystems: every C file is valid C on macOS and FreeBSD, as far as that can be
// told without their headers: what glibc has and they have not is taken away.
func TestCOnOtherSystems(t *testing.T) {
	files := uvtest.Must(filepath.Glob("*.c"))
	libuv := libuvFlags(t)
	for system, defines := range map[string][]string{
		"darwin":  {"-D__APPLE__", "-D__MACH__"},
		"freebsd": {"-D__FreeBSD__=14"},
	} {
		t.Run(system, func(t *testing.T) {
			dir := filepath.Join("testdata", "systems")
			args := append([]string{
				"-fsyntax-only", "-std=gnu11", "-Wall", "-Werror=implicit-function-declaration",
				"-U__linux__", "-U__linux", "-Ulinux", "-U__gnu_linux__",
				"-include", filepath.Join(dir, system+".h"),
				"-I" + filepath.Join(dir, system), "-I" + filepath.Join(dir, "unix"),
			}, defines...)
			args = append(append(args, libuv...), files...)
			cc := strings.Fields(cmp.Or(os.Getenv("CC"), "cc"))
			out, err := exec.Command(cc[0], append(cc[1:], args...)...).CombinedOutput()
			if err != nil || strings.Contains(string(out), "warning:") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
