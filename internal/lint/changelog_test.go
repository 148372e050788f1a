package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo"
)

// readChangelog returns the releases in CHANGELOG.md: what is unreleased, then at least one.
func readChangelog(t *testing.T) []release {
	t.Helper()
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	releases, found := parseChangelog(string(text))
	for _, f := range found {
		t.Error(f)
	}
	if len(releases) < 2 {
		t.Fatal("CHANGELOG.md has no released version")
	}
	return releases
}

// TestVersionsAgree: the newest version of CHANGELOG.md, the constant, the newest frozen
// list of names and what documents say is one version.
func TestVersionsAgree(t *testing.T) {
	newest := readChangelog(t)[1].version
	if newest != uvgo.Release {
		t.Errorf("CHANGELOG.md's newest version is %s, and the constant Release %s", newest, uvgo.Release)
	}
	if dir := newestAPI(t); dir != newest {
		t.Errorf("api/ has the names of %s, and not of %s: scripts/api-freeze.sh", dir, newest)
	}
	for _, name := range []string{"docs/stability.md", "SECURITY.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Error(err)
		} else if minor := newest[1:strings.LastIndexByte(newest, '.')]; !strings.Contains(string(text), minor) {
			t.Errorf("%s does not speak of %s", name, minor)
		}
	}
}

func TestRuleChangelog(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"good": {"# Changelog\n\n- not a change\n\n## Unreleased\n\n### Added\n\n- x\n\n" +
			"## 0.2.0 - 2027-01-01\n\n### Changed\n- a\n### Fixed\n- b\n## 0.1.0 - 2026-11-28\n### Added\n- all\n", nil},
		"no Unreleased": {"## 0.1.0 - 2026-11-28\n", []string{"CHANGELOG.md: does not begin with ## Unreleased"}},
		"empty":         {"", []string{"CHANGELOG.md: does not begin with ## Unreleased"}},
		"forms": {"## Unreleased\n- x\n### New\n- y\n### Fixed\n### Fixed\n## v0.1\n", []string{
			"CHANGELOG.md:2: a change without a heading such as ### Added",
			`CHANGELOG.md:3: "New" is none of Added, Changed, Deprecated, Removed, Fixed, Security`,
			`CHANGELOG.md:6: "Fixed" comes twice in one version`,
			`CHANGELOG.md:7: "v0.1" is neither "Unreleased" nor like "0.1.0 - 2026-11-28"`,
		}},
		"order": {"## Unreleased\n## 0.9.0 - 2026-11-28\n## 0.10.0 - 2026-11-29\n",
			[]string{"CHANGELOG.md: v0.9.0 comes before v0.10.0"}},
		"first": {"## Unreleased\n## 0.1.0 - 2026-11-28\n### Changed\n- x\n",
			[]string{"CHANGELOG.md: v0.1.0 is the first version, so nothing in it is Changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := parseChangelog(tt.text)
			if diff := cmp.Diff(tt.want, found); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompareVersions(t *testing.T) {
	versions := []string{"", "v0.1.0", "v0.1.2", "v0.9.10", "v0.10.0", "v1.0.0"}
	for i, a := range versions {
		for j, b := range versions {
			if got := compareVersions(a, b); got != max(-1, min(1, i-j)) {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
}
