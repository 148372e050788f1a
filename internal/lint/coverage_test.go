package lint

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvheader"
)

//go:generate go test -count=1 -run ^TestCoverageOfLibuv$ . -update

var update = flag.Bool("update", false, "write the table of docs/coverage.md")

// TestCoverageOfLibuv: every function that uv.h exports is bound, or listed in
// docs/coverage.md with a reason.
func TestCoverageOfLibuv(t *testing.T) {
	functions, older := uvh(t)
	if *update {
		if older {
			t.Fatal("the table is made from the locked libuv: make libuv")
		}
		updateTable(t, functions)
	}
	expectNone(t, func(r *repo) []string { return coverage(r, functions, older) })
}

// uvh returns the functions of the uv.h that the build uses, and tells whether
// it is older than the locked one, so that the table has more.
func uvh(t *testing.T) (functions []string, older bool) {
	t.Helper()
	dir, err := uvheader.Find()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "uv.h"))
	if err != nil {
		t.Fatal(err)
	}
	version, err := uvheader.Version(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile("../../third_party/libuv/libuv.lock")
	if err != nil {
		t.Fatal(err)
	}
	locked := regexp.MustCompile(`(?m)^version=(.*)$`).FindSubmatch(lock)
	if locked == nil {
		t.Fatal("libuv.lock has no version")
	}
	return uvheader.Functions(string(text)), slices.Compare(numbers(version), numbers(string(locked[1]))) < 0
}

func numbers(version string) []int {
	var all []int
	for p := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(p)
		all = append(all, n)
	}
	return all
}

// updateTable rewrites the generated part of the file, on disk and as parsed.
func updateTable(t *testing.T, functions []string) {
	t.Helper()
	r, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.files, func(f *file) bool { return f.path == coverageFile })
	if i < 0 {
		t.Fatalf("%s is missing", coverageFile)
	}
	text, err := withTable(r.files[i].text, boundRows(r, functions))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("../..", coverageFile), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r.files[i].text = text
}

// coverageSource has one function of each kind.
var coverageSource = tree{
	"cuv/timer.c": `#include <uv.h>
/* uv_gone is not called here */
int cuv_timer(uv_timer_t *t) { log("uv_quoted"); return uv_timer_start(t) + uv_inner(t); }
int (*const table[])(void) = {uv_listed};`,
	"cuv/v.go":        "package cuv\n\nimport \"C\"\n\n// V is uv_gone.\nfunc V() int { return C.uv_version() }\n",
	"cuv/cuv_test.go": "package cuv\n\nvar _ = C.uv_quoted\n",
	"uv/v.go":         "package uv\n\n// Version returns it. C function\n// uv_version, https://x. Not uv_gone.\nfunc Version() {}\n",
	"handles/timer.go": `package handles

// Timer is one. C type uv_timer_t.
type Timer struct{ base }
type base struct{}
// Start starts. C functions uv_timer_start and uv_listed.
func (b *base) Start() {}
`,
}

const coverageText = `# Coverage

## Bound

` + tableBegin + `| libuv | Go |
|---|---|
| ` + "`uv_listed` | `handles.Timer.Start`" + ` |
| ` + "`uv_timer_start` | `handles.Timer.Start`" + ` |
| ` + "`uv_version` | `uv.Version`" + ` |
` + tableEnd + `
## Used inside

| libuv | what for |
|---|---|
| ` + "`uv_inner`" + ` | timers |

## Not bound, by design

| libuv | why |
|---|---|
| ` + "`uv_gone` `uv_quoted`" + ` | Go has it |
`

var place = regexp.MustCompile(`^docs/coverage\.md:\d+: `)

func TestRuleCoverage(t *testing.T) {
	exported := []string{"uv_gone", "uv_inner", "uv_listed", "uv_quoted", "uv_timer_start", "uv_version"}
	rule := func(functions ...string) func(*repo) []string {
		return func(r *repo) []string {
			found := coverage(r, functions, false)
			for i, f := range found {
				found[i] = place.ReplaceAllString(f, "")
			}
			return found
		}
	}
	with := func(old, new string) tree {
		text := strings.Replace(coverageText, old, new, 1)
		if text == coverageText {
			t.Fatalf("the text has no %q", old)
		}
		files := tree{coverageFile: text}
		for name, src := range coverageSource {
			files[name] = src
		}
		return files
	}
	whole := with("# Coverage", "# Coverage!")
	runCases(t, rule(exported...), []ruleCase{
		{"complete", whole, nil},
		{"no file", coverageSource, []string{"docs/coverage.md: is missing"}},
		{"no reason", with("Go has it", " "), []string{
			"uv_gone has no reason", "uv_gone is neither called in cuv nor named with a reason",
			"uv_quoted has no reason", "uv_quoted is neither called in cuv nor named with a reason",
		}},
		{"left out", with("`uv_gone` `uv_quoted`", "`uv_quoted`"), []string{
			"uv_gone is neither called in cuv nor named with a reason"}},
		{"a reason for a bound one", with("`uv_gone` `uv_quoted`", "`uv_gone` `uv_quoted` `uv_version`"), []string{
			"uv_version stands under ## Bound and under ## Not bound, by design"}},
		{"a reason for a called one", with("| `uv_inner` | timers |", "\n## Not bound, by design\n| `uv_inner` | no need |"), []string{
			"a reason why uv_inner is not bound, but cuv calls it"}},
		{"inside without a call", with("| `uv_gone` `uv_quoted` | Go has it |", "| `uv_quoted` | Go has it |\n\n## Used inside\n| `uv_gone` | nothing |"), []string{
			"uv_gone is said to serve inside, but cuv does not call it"}},
		{"inside, yet bound", with("| `uv_timer_start` | `handles.Timer.Start` |\n", "\n## Used inside\n| `uv_timer_start` | x |\n\n## Bound\n"), []string{
			"uv_timer_start is said to serve inside, but it is handles.Timer.Start"}},
		{"no Go name", with("| `uv_inner` | timers |\n", ""), []string{
			"cuv calls uv_inner, but no exported symbol's comment says \"C function uv_inner\""}},
		{"wrong Go name", with("uv.Version", "uv.Release"), []string{
			"the row of uv_version is out of date: run `make generate`",
			"there is no uv.Release for uv_version"}},
		{"newer", with("## Not bound", "## Since 1.51\n| `uv_late` | 1.53: not bound |\n| `uv_inner` | 1.53: timers |\n\n## Not bound"), []string{
			"uv_inner stands under ## Used inside and under ## Since 1.51"}},
		{"newer, without a Go name", with("| `uv_version` | `uv.Version` |", "\n## Since 1.51\n| `uv_version` | 1.53 |\n\n## Bound"), []string{"uv_version is uv.Version"}},
		{"twice", with("`uv_gone` `uv_quoted`", "`uv_gone` `uv_quoted` `uv_gone`"), []string{
			"uv_gone occurs twice"}},
	})
	runCases(t, rule(exported[1:]...), []ruleCase{{"not in uv.h", whole, []string{"uv_gone: uv.h has none"}}})
}

func TestCoverageTableIsGenerated(t *testing.T) {
	files := tree{coverageFile: coverageText}
	for name, src := range coverageSource {
		files[name] = src
	}
	r := files.load(t)
	rows := boundRows(r, []string{"uv_gone", "uv_inner", "uv_listed", "uv_timer_start", "uv_version"})
	text, err := withTable(strings.Replace(coverageText, "uv.Version", "old", 1), rows)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"| `uv_timer_start`", "| [`uv_timer_start`]("+manual+"timer.html#c.uv_timer_start)",
		"| `uv_version`", "| [`uv_version`]("+manual+"version.html#c.uv_version)",
	).Replace(coverageText)
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := withTable("nothing", rows); err == nil {
		t.Error("a text without the markers was accepted")
	}
}

func TestCoverageCounterparts(t *testing.T) {
	for doc, want := range map[string][]string{
		"Ref refs. C function uv_ref,\nhttps://docs.libuv.org/x.html#c.uv_other.": {"uv_ref"},
		"Wakes by uv_async_send. C functions uv_a, uv_b\nand uv_c.":               {"uv_a", "uv_b", "uv_c"},
		"C type uv_t. See uv_other.":                                              {"uv_t"},
		"One. C function uv_a, see https://x. C function uv_b with UV_RUN_ONCE.":  {"uv_a", "uv_b"},
		"No libuv counterpart.":                                                   nil,
	} {
		if diff := cmp.Diff(want, counterparts(doc)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", doc, diff)
		}
	}
}

func TestRuleManualLinks(t *testing.T) {
	runCases(t, manualLinks, []ruleCase{{"found", tree{"handles/x.go": "package handles\n\n" +
		"// https://docs.libuv.org/en/v1.x/timer.html#c.uv_timer_start. Right.\n" +
		"// https://docs.libuv.org/en/v1.x/loop.html.\n" +
		"// https://docs.libuv.org/en/v1.x/loop.html#c.uv_timer_start.\n" +
		"// https://docs.libuv.org/en/v1.x/loop.html#c.uv_gone\n" +
		"// https://docs.libuv.org/en/v1.x/loops.html\n" +
		"// https://docs.libuv.org/en/stable/loop.html\n"},
		[]string{
			"handles/x.go:5: docs.libuv.org describes uv_timer_start on page timer, not loop",
			"handles/x.go:6: docs.libuv.org does not describe uv_gone",
			"handles/x.go:7: docs.libuv.org has no page loops",
			"handles/x.go:8: the link to en/stable/loop.html is not of the form en/v1.x/page.html#c.name",
		}}})
}
