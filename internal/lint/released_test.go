package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newestAPI returns the newest version whose names are kept below api/.
func newestAPI(t *testing.T) string {
	t.Helper()
	dirs, err := filepath.Glob("../../api/v*")
	if err != nil {
		t.Fatal(err)
	}
	newest := ""
	for _, dir := range dirs {
		if v := filepath.Base(dir); compareVersions(v, newest) > 0 {
			newest = v
		}
	}
	return newest
}

// TestReleasedNamesStay compares api/*.txt, which TestExportedNamesAreWrittenDown keeps
// true, with the names of the last release.
func TestReleasedNamesStay(t *testing.T) {
	version := newestAPI(t)
	released, err := filepath.Glob(filepath.Join("../../api", version, "*.txt"))
	if err != nil || len(released) == 0 {
		t.Fatalf("api/%s has no lists (%v)", version, err)
	}
	text, err := os.ReadFile("../../api/except")
	if err != nil {
		t.Fatal(err)
	}
	exceptions, found := parseExceptions(string(text))
	unreleased := readChangelog(t)[0].sections
	var then, now []string
	for _, file := range released {
		then = append(then, linesOf(t, file)...)
		now = append(now, linesOf(t, filepath.Join("../../api", filepath.Base(file)))...)
	}
	found = append(found, incompatible(then, now, exceptions, unreleased["Changed"]+unreleased["Removed"])...)
	for _, f := range found {
		t.Error(f)
	}
	if t.Failed() {
		t.Logf("Programs that use %s would not build. Keep what they use, deprecated if need be (docs/stability.md). "+
			"If it has to go, say so in CHANGELOG.md and list the lines in api/except, with the reason. "+
			"If %[1]s has not been tagged yet: scripts/api-freeze.sh", version)
	}
}

// linesOf reads a list. A package that is gone has none.
func linesOf(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func TestRuleReleasedNames(t *testing.T) {
	then := []string{
		"pkg p, const A Kind = 1",
		"pkg p, func F(int) error",
		"pkg p, method (*T) Close() error",
		"pkg p, type T struct",
		"pkg p, type T struct, Field int",
		"pkg p, type Open interface",
		"pkg p, type Open interface, M()",
		"pkg p, type Shut interface",
		"pkg p, type Shut interface, unexported methods",
	}
	with := func(list []string, old, new string) []string {
		var out []string
		for _, line := range list {
			if line != old {
				out = append(out, line)
			} else if new != "" {
				out = append(out, new)
			}
		}
		return out
	}
	for name, tt := range map[string]struct {
		now        []string
		exceptions []exception
		changes    string
		want       []string
	}{
		"same":     {then, nil, "", nil},
		"more":     {append([]string{"pkg p, func G()", "pkg p, type T struct, Other int", "pkg p, type Shut interface, N()"}, then...), nil, "", nil},
		"removed":  {with(then, then[2], ""), nil, "", []string{then[2]}},
		"changed":  {with(then, then[1], "pkg p, func F(int64) error"), nil, "", []string{then[1]}},
		"value":    {with(then, then[0], "pkg p, const A Kind = 2"), nil, "", []string{then[0]}},
		"method":   {append([]string{"pkg p, type Open interface, N()"}, then...), nil, "", []string{"pkg p, type Open interface, N()"}},
		"excepted": {with(then, then[4], ""), []exception{{then[4], "why"}}, "- `T.Field` is gone", nil},
		"not in the changelog": {with(then, then[4], ""), []exception{{then[4], "why"}}, "- `Other` is gone",
			[]string{"CHANGELOG.md: tells nobody under Unreleased, Changed or Removed, that Field is broken: " + then[4]}},
		"stale": {then, []exception{{then[2], "why"}}, "Close", []string{"api/except: needs no exception: " + then[2]}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, incompatible(then, tt.now, tt.exceptions, tt.changes)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNameInLine(t *testing.T) {
	for line, want := range map[string]string{
		"pkg server, const ProxyOff ProxyMode = 0":                                "ProxyOff",
		"pkg uv, var ErrOwner error":                                              "ErrOwner",
		"pkg server, func Frames(bufio.SplitFunc, int, FrameHandler) Handler":     "Frames",
		"pkg p, func Map[K comparable, V any](map[K]V) int":                       "Map",
		"pkg server, method (*Conn) Dial(string, string, Handler) (*Conn, error)": "Dial",
		"pkg server, type Stats struct, Dropped uint64":                           "Dropped",
		"pkg server, type Handler interface, Open(*Conn)":                         "Open",
		"pkg uv, type Loop interface, unexported methods":                         "Loop",
		"pkg uv, type Errno int":                                                  "Errno",
	} {
		if got := nameIn(line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestExceptionsHaveReasons(t *testing.T) {
	list, found := parseExceptions("# one\n# reason\nline a\nline b\n\nline c\n\n# other\nline d\n")
	want := []exception{{"line a", "one reason"}, {"line b", "one reason"}, {"line d", "other"}}
	if diff := cmp.Diff(want, list, cmp.AllowUnexported(exception{})); diff != "" {
		t.Errorf("exceptions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`api/except:6: no reason: begin the block with a line "# why"`}, found); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
