package release

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// importable are the modules inside this one that others import. A release tags each: metrics/otel/v0.1.0.
var importable = []string{"metrics/otel"}

// TestImportableModulesRequireTheRelease: an importer does not see the replace directive, so what is required has to exist.
func TestImportableModulesRequireTheRelease(t *testing.T) {
	stability := string(uvtest.Must(os.ReadFile("../../docs/stability.md")))
	for _, dir := range importable {
		text := string(uvtest.Must(os.ReadFile(filepath.Join("../..", dir, "go.mod"))))
		if want := "module github.com/uvgo/uvgo/" + dir + "\n"; !strings.HasPrefix(text, want) {
			t.Errorf("%s/go.mod does not begin with %q", dir, want)
		}
		required := regexp.MustCompile(`(?m)^\s*(?:require )?github\.com/uvgo/uvgo (\S+)$`).FindStringSubmatch(text)
		if required == nil || required[1] != uvgo.Release {
			t.Errorf("%s/go.mod requires %q of uvgo, not the release %s: an importer would not get it", dir, required, uvgo.Release)
		}
		if tag := "`" + dir + "/" + uvgo.Release + "`"; !strings.Contains(stability, tag) {
			t.Errorf("docs/stability.md does not say that a release has the tag %s", tag)
		}
	}
}

// TestModulesAreImportableOrNot: a new module inside this one is in importable, or is what nobody imports.
func TestModulesAreImportableOrNot(t *testing.T) {
	found := 0
	for _, pattern := range []string{"../../*/go.mod", "../../*/*/go.mod", "../../*/*/*/go.mod"} {
		for _, file := range uvtest.Must(filepath.Glob(pattern)) {
			dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(file)), "../../")
			found++
			first, _, _ := strings.Cut(dir, "/")
			if !slices.Contains(importable, dir) && !slices.Contains([]string{"bench", "examples", "tests", "third_party", "bin", "dist"}, first) {
				t.Errorf("%s is a module: is it to be imported?", dir)
			}
		}
	}
	if found < 4 {
		t.Errorf("%d modules", found)
	}
}
