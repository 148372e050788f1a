package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvheader"
)

const (
	uvDir    = "../../../uv"
	lockFile = "../../../third_party/libuv/libuv.lock"
)

// lockedInclude is the directory of a uv.h of the locked version.
func lockedInclude(t *testing.T) string {
	t.Helper()
	include, err := uvheader.Find()
	if err != nil {
		t.Skip("no uv.h to compare with: ", err)
	}
	version, err := uvheader.Version(include)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(lockFile)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^version=(.+)$`).FindSubmatch(lock)
	if m == nil {
		t.Fatalf("%s: no version= line", lockFile)
	}
	if locked := string(m[1]); version != locked {
		t.Skipf("the uv.h at hand is libuv %s's, the committed files are of the locked %s", version, locked)
	}
	return include
}

func TestCommittedFilesAreCurrent(t *testing.T) {
	want, err := generate(lockedInclude(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(uvDir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(string(got), "\n")); diff != "" {
			t.Errorf("uv/%s differs from what uv.h gives; run go generate ./uv (-generated +committed):\n%s", name, diff)
		}
	}
	committed, err := filepath.Glob(filepath.Join(uvDir, "*_gen*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range committed {
		name := filepath.Base(path)
		if want[name] == nil {
			t.Errorf("uv/%s is not generated any more; delete it", name)
		}
	}
}

func TestParseXMacro(t *testing.T) {
	const src = "#define OTHER_MAP(XX) \\\n  XX(NO, no)\n\n" +
		"#define UV_MAP(XX)   \\\n  XX(E2BIG, \"argument list too long\") \\\n  XX(FS_EVENT, fs_event)  \\\n\n  XX(AFTER, after)\n"
	got, err := parseXMacro(src, "UV_MAP")
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{{"E2BIG", "argument list too long"}, {"FS_EVENT", "fs_event"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); diff != "" {
		t.Error(diff)
	}
	for _, src := range []string{"", "#define UV_MAP(XX)\n"} {
		if _, err := parseXMacro(src, "UV_MAP"); err == nil {
			t.Errorf("parseXMacro(%q) reports no error", src)
		}
	}
}

func TestParseValuesFollowsBranches(t *testing.T) {
	const src = `
#if EDOM > 0
# define UV__ERR(x) (-(x))
#else
# define UV__ERR(x) (x)
#endif
#define UV__EOF     (-4095)
#if defined(E2BIG) && !defined(_WIN32)
# define UV__E2BIG UV__ERR(E2BIG)
#else
# define UV__E2BIG (-4093)
#endif
#if defined(EHOSTDOWN) && !defined(_WIN32)
# define UV__EHOSTDOWN UV__ERR(EHOSTDOWN)
#elif defined(__APPLE__) || \
      defined(__FreeBSD__)
# define UV__EHOSTDOWN (-64)
#else
# define UV__EHOSTDOWN (-4031)
#endif
`
	want := map[string]value{
		"EOF":   {other: "-4095"},
		"E2BIG": {system: true, other: "-4093"},
		"EHOSTDOWN": {
			system: true,
			byOS:   map[string]string{"darwin": "-64", "freebsd": "-64"},
			other:  "-4031",
		},
	}
	if diff := cmp.Diff(want, parseValues(src), cmp.AllowUnexported(value{})); diff != "" {
		t.Error(diff)
	}
}

func TestGoName(t *testing.T) {
	for in, want := range map[string]string{
		"async": "Async", "fs_event": "FSEvent", "tcp": "TCP", "udp_send": "UDPSend", "getaddrinfo": "GetAddrInfo",
	} {
		if got := goName(in); got != want {
			t.Errorf("goName(%q) = %q, want %q", in, got, want)
		}
	}
}
