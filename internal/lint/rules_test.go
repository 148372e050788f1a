package lint

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// tree is a repository in memory: text by path.
type tree map[string]string

func (files tree) load(t *testing.T) *repo {
	t.Helper()
	fsys := make(fstest.MapFS)
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	r, err := load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A ruleCase is a small repository, and the findings of a rule in it.
type ruleCase struct {
	name string
	tree tree
	want []string
}

func runCases(t *testing.T, rule func(*repo) []string, cases []ruleCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			found := rule(tt.tree.load(t))
			slices.Sort(found)
			if diff := cmp.Diff(tt.want, found); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// importing is a Go file of package p that imports paths.
func importing(paths ...string) string {
	return "package p\n\nimport \"" + strings.Join(paths, "\"\nimport \"") + "\"\n"
}

func TestRuleImportDirection(t *testing.T) {
	const m = "github.com/uvgo/uvgo"
	runCases(t, importDirection, []ruleCase{
		{"downwards", tree{
			"loop.go":              importing("io", m+"/handles", m+"/uv", m+"/cuv", m+"/internal/invariants"),
			"handles/tcp.go":       importing(m+"/requests", m+"/uv"),
			"server/server.go":     importing(m, m+"/server/internal/drain"),
			"server/internal/x.go": importing("io"),
			"cmd/uvgo/main.go":     importing(m+"/server", m+"/uvnet"),
			"internal/cmd/x/x.go":  importing(m + "/cmd/uvgo"),
			"uv/x_test.go":         importing(m + "/handles"),
			"tests/kit.go":         importing(m + "/internal/uvtest"),
		}, nil},
		{"upwards", tree{
			"requests/write.go": importing("io", m+"/handles"),
			"handles/tcp.go":    importing(m),
			"cuv/ring.go":       importing(m + "/uv"),
			"server/server.go":  importing(m + "/uvnet"),
		}, []string{
			"cuv/ring.go:3: cuv imports uv: the arrow runs the other way",
			"handles/tcp.go:3: handles imports .: the arrow runs the other way",
			"requests/write.go:4: requests imports handles: the arrow runs the other way",
			"server/server.go:3: server imports uvnet: the arrow runs the other way",
		}},
		{"past the vocabulary", tree{"uvnet/conn.go": importing(m + "/cuv")},
			[]string{"uvnet/conn.go:3: uvnet imports cuv"}},
		{"test kit in code", tree{"handles/tcp.go": importing(m + "/internal/uvtest")},
			[]string{"handles/tcp.go:3: handles imports internal/uvtest, which is for tests"}},
		{"third_party for a command", tree{"cmd/libuv/x.go": importing(m + "/third_party/libuv")}, nil},
		{"third_party", tree{"cuv/x.go": importing(m + "/third_party/libuv")},
			[]string{"cuv/x.go:3: cuv imports third_party/libuv, which no package may import"}},
		{"new directory", tree{"poller/x.go": "package p\n"},
			[]string{"poller/x.go:1: directory poller has no place in the import graph; give it one in internal/lint"}},
	})
}

func TestRuleForeignImports(t *testing.T) {
	runCases(t, foreignImports, []ruleCase{
		{"allowed", tree{
			"loop.go":              importing("golang.org/x/sys/unix", "net/netip"),
			"loop_test.go":         importing("github.com/google/go-cmp/cmp", "golang.org/x/net/nettest"),
			"cuv/ring.go":          importing("C", "sync/atomic", "github.com/uvgo/uvgo/internal/invariants"),
			"bench/go.mod":         "module github.com/uvgo/uvgo/bench\n",
			"bench/echo-x/main.go": importing("example.com/other"),
		}, nil},
		{"found", tree{
			"loop.go":     importing("github.com/google/go-cmp/cmp"),
			"cuv/ring.go": importing("golang.org/x/sys/unix", "github.com/uvgo/uvgo/internal/uvtest"),
		}, []string{
			"cuv/ring.go:3: golang.org/x/sys/unix is imported outside tests",
			"cuv/ring.go:4: cuv imports github.com/uvgo/uvgo/internal/uvtest; it uses the standard library only",
			"loop.go:3: github.com/google/go-cmp/cmp is imported outside tests",
		}},
	})
}

func TestRuleCgoAndUnsafe(t *testing.T) {
	files := tree{"cuv/ring.go": importing("C", "unsafe"), "uv/core.go": importing("C", "unsafe")}
	defer func(old map[string]string) { cgoFiles = old }(cgoFiles)
	cgoFiles = nil
	runCases(t, cgo, []ruleCase{{"cgo", files, []string{`uv/core.go:3: import of "C" outside cuv`}}})
	runCases(t, unsafeOf(nil), []ruleCase{{"unsafe", files, []string{`uv/core.go:4: import of "unsafe" outside cuv`}}})
	runCases(t, unsafeOf(map[string]string{"uv/core.go": "why"}), []ruleCase{{"unsafe, excepted", files, nil}})
	runCases(t, unsafeOf(map[string]string{"uv/gone.go": "why"}), []ruleCase{{"stale exception", tree{},
		[]string{"internal/lint/exceptions.go: unsafeFiles lists uv/gone.go, which needs no exception"}}})
}

// unsafeOf is unsafeImports with other exceptions.
func unsafeOf(exceptions map[string]string) func(*repo) []string {
	return func(r *repo) []string {
		defer func(old map[string]string) { unsafeFiles = old }(unsafeFiles)
		unsafeFiles = exceptions
		return unsafeImports(r)
	}
}

func TestRuleFiles(t *testing.T) {
	long := strings.Repeat("\n", maxLines)
	runCases(t, longSources, []ruleCase{
		{"long", tree{"cuv/ring.c": long + "\n", "uv/a.go": "package uv" + long, "uv/b.go": "package uv\n" + long},
			[]string{
				"cuv/ring.c:401: 401 lines, more than 400",
				"uv/b.go:401: 401 lines, more than 400",
			}},
		{"generated", tree{"uv/a_gen.go": "// Code generated by x. DO NOT EDIT.\n\npackage uv\n" + long}, nil},
	})
	runCases(t, generatedHeaders, []ruleCase{
		{"found", tree{
			"uv/a_gen.go":       "// Code generated by x. DO NOT EDIT.\n\npackage uv\n",
			"uv/b_gen_linux.go": "package uv\n",
			"uv/c.go":           "// Code generated by x. DO NOT EDIT.\n\npackage uv\n",
		}, []string{
			"uv/b_gen_linux.go:1: no line \"// Code generated … DO NOT EDIT.\" before the package clause",
			"uv/c.go:1: generated files are named *_gen.go or *_gen_GOOS.go",
		}},
	})
	note := "TO" + "DO"
	runCases(t, unfinishedNotes, []ruleCase{
		{"found", tree{
			"uv/a.go":              "package uv\n\n// " + note + ": more\n",
			"docs/x.md":            "the TODOs of others\n",
			"uv/testdata/x.md":     note + "\n",
			"third_party/x/x.c":    note + "\n",
			"cuv/ring.h":           "/* FIX" + "ME */\n",
			".ci/run":              "# " + note + "\n",
			"internal/x/binary.xz": note + "\n",
		}, []string{
			".ci/run:1: " + note + ": finish it, or open an issue",
			"cuv/ring.h:1: FIX" + "ME: finish it, or open an issue",
			"uv/a.go:3: " + note + ": finish it, or open an issue",
		}},
	})
}

func TestRuleRequiredModules(t *testing.T) {
	runCases(t, requiredModules, []ruleCase{
		{"allowed", tree{"go.mod": "module x\n\ngo 1.26\n\nrequire golang.org/x/sys v0.1.0\n"}, nil},
		{"other modules", tree{"bench/go.mod": "module x\n\nrequire example.com/a v1.0.0\n"}, nil},
		{"found", tree{"go.mod": "module x\n\nrequire example.com/a v1.0.0\n\nrequire (\n" +
			"\tgolang.org/x/sys v0.1.0 // indirect\n\texample.com/b v1.0.0 // indirect\n)\n\nreplace example.com/a => ../a\n"},
			[]string{
				"go.mod:10: the root module has a replace directive",
				"go.mod:3: the root module requires example.com/a",
				"go.mod:7: the root module requires example.com/b",
			}},
	})
}

func TestRuleTestMains(t *testing.T) {
	runCases(t, testMains, []ruleCase{{"found", tree{
		"uv/main_test.go": "package uv\n\nfunc TestMain(m *testing.M) { uvtest.Main(m, leaked) }\n",
		"uv/x_test.go":    "package uv\n",
		"handles/x.go":    "package handles\n",
		"cuv/x_test.go":   "package cuv\n",
	}, []string{"cuv/x_test.go:1: the tests of cuv have no TestMain that calls uvtest.Main"}}})
}
