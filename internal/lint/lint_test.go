package lint

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestImportsFollowTheLayers(t *testing.T)       { expectNone(t, importDirection) }
func TestForeignImportsAreInTestsOnly(t *testing.T) { expectNone(t, foreignImports) }
func TestCgoIsInCUVOnly(t *testing.T)               { expectNone(t, cgo) }
func TestUnsafeIsInCUVOnly(t *testing.T)            { expectNone(t, unsafeImports) }
func TestExportedSymbolsHaveComments(t *testing.T)  { expectNone(t, exportedDocs) }
func TestPackagesHaveDocGo(t *testing.T)            { expectNone(t, packageDocs) }
func TestCommentsLinkTheManual(t *testing.T) {
	functions, older := uvh(t)
	if older {
		t.Skip("the comments speak of the locked libuv, and this one is older")
	}
	expectNone(t, func(r *repo) []string { return linksCounterparts(r, functions) })
}
func TestManualLinks(t *testing.T)                     { expectNone(t, manualLinks) }
func TestNoGetPrefix(t *testing.T)                     { expectNone(t, getters) }
func TestFilesAreShort(t *testing.T)                   { expectNone(t, longSources) }
func TestGeneratedFilesSaySo(t *testing.T)             { expectNone(t, generatedHeaders) }
func TestRootModuleRequiresFewModules(t *testing.T)    { expectNone(t, requiredModules) }
func TestNothingIsLeftUnfinished(t *testing.T)         { expectNone(t, unfinishedNotes) }
func TestLinksStandAlone(t *testing.T)                 { expectNone(t, linksStandAlone) }
func TestMethodCommentsNameTheCFunction(t *testing.T)  { expectNone(t, namesCFunction) }
func TestCitedRulesOfSemanticsExist(t *testing.T)      { expectNone(t, semanticRules) }
func TestTestsAreNamedAfterTheirFiles(t *testing.T)    { expectNone(t, testStems) }
func TestEveryPackageChecksItsTestsLeaks(t *testing.T) { expectNone(t, testMains) }
func TestLinksOfPagesLeadSomewhere(t *testing.T)       { expectNone(t, brokenLinks) }
func TestEveryPageIsInTheIndex(t *testing.T)           { expectNone(t, unlistedPages) }
func TestPagesNameWhatThereIs(t *testing.T)            { expectNone(t, unknownNames) }

var repository = sync.OnceValues(func() (*repo, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return load(os.DirFS(filepath.Dir(filepath.Dir(dir)))) // this is internal/lint
})

func expectNone(t *testing.T, rule func(*repo) []string) {
	t.Helper()
	r, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	found := rule(r)
	slices.Sort(found)
	for _, f := range found {
		t.Error(f)
	}
}

func TestRepositoryIsFound(t *testing.T) {
	r, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "internal/lint/lint_test.go", "tests/libuv/testdata/libuv.tsv", "tests/uvloop/testdata/uvloop.tsv"} {
		if !slices.ContainsFunc(r.files, func(f *file) bool { return f.path == name }) {
			t.Errorf("%s is not among the %d files read", name, len(r.files))
		}
	}
}
