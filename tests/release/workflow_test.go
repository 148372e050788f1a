package release

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestWorkflowsRunWhatIsThere: the steps of the workflows are scripts and make targets of this
// repository, and ci.yml runs every step that scripts/ci.sh has.
func TestWorkflowsRunWhatIsThere(t *testing.T) {
	targets := regexp.MustCompile(`(?m)^([a-z0-9-]+):.*## `).FindAllStringSubmatch(read(t, "Makefile"), -1)
	var known []string // the steps of scripts/ci.sh
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z0-9-]+)\)`).FindAllStringSubmatch(read(t, "scripts/ci.sh"), -1) {
		known = append(known, m[1])
	}
	called := make(map[string]bool)
	files := uvtest.Must(filepath.Glob("../../.github/workflows/*.yml"))
	if len(files) < 2 || len(known) < 8 {
		t.Fatalf("%d workflows and %d steps of scripts/ci.sh", len(files), len(known))
	}
	for _, file := range files {
		text := string(uvtest.Must(os.ReadFile(file)))
		for _, name := range regexp.MustCompile(`scripts/[a-z0-9-]+\.sh`).FindAllString(text, -1) {
			if info, err := os.Stat(filepath.Join("../..", name)); err != nil || info.Mode()&0o111 == 0 {
				t.Errorf("%s runs %s, which is no program (%v)", file, name, err)
			}
		}
		for _, m := range regexp.MustCompile(`run: make ([a-z0-9-]+)`).FindAllStringSubmatch(text, -1) {
			if !slices.ContainsFunc(targets, func(target []string) bool { return target[1] == m[1] }) {
				t.Errorf("%s runs make %s, which the Makefile does not have", file, m[1])
			}
		}
		for _, step := range stepsIn(text) {
			called[step] = true
			if !slices.Contains(known, step) {
				t.Errorf("%s runs scripts/ci.sh %s, which that does not know", file, step)
			}
		}
	}
	for _, step := range known {
		if !called[step] && step != "libuv" {
			t.Errorf("no workflow runs scripts/ci.sh %s", step)
		}
	}
}

// stepsIn returns the arguments of scripts/ci.sh in a workflow. Those of a matrix are in its lists.
func stepsIn(text string) (steps []string) {
	lists := make(map[string][]string)
	for _, m := range regexp.MustCompile(`(?m)^ +(step|linkage): \[(.*)\]$`).FindAllStringSubmatch(text, -1) {
		lists[m[1]] = append(lists[m[1]], strings.Split(m[2], ", ")...)
	}
	for _, m := range regexp.MustCompile(`scripts/ci\.sh ([a-z0-9-]*)(?:\$\{\{ matrix\.(\w+) \}\})?`).FindAllStringSubmatch(text, -1) {
		if m[2] == "" {
			steps = append(steps, m[1])
		}
		for _, value := range lists[m[2]] {
			steps = append(steps, m[1]+value)
		}
	}
	return steps
}

func read(t *testing.T, name string) string {
	t.Helper()
	return string(uvtest.Must(os.ReadFile(filepath.Join("../..", name))))
}

// TestArchivesHaveTheNotices: what goreleaser packs is there, and the licences are among it,
// because the programs contain libuv.
func TestArchivesHaveTheNotices(t *testing.T) {
	lists := regexp.MustCompile(`(?m)^    files: (?:&files )?\[(.*)\]$`).FindStringSubmatch(read(t, ".goreleaser.yaml"))
	if lists == nil {
		t.Fatal("no list of files in .goreleaser.yaml")
	}
	files := strings.Split(lists[1], ", ")
	for _, name := range files {
		read(t, name)
	}
	for _, name := range []string{"LICENSE", "NOTICE"} {
		if !slices.Contains(files, name) {
			t.Errorf("archives have no %s", name)
		}
	}
	if n, m := strings.Count(read(t, ".goreleaser.yaml"), "name_template: \"uvgo_"), strings.Count(read(t, ".goreleaser.yaml"), "    files: "); n != m || n == 0 {
		t.Errorf("%d archives, and %d of them have files", n, m)
	}
}
