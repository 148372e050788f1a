package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// script runs one of scripts/ and returns what it printed, and whether it succeeded.
func script(t *testing.T, env []string, name string, args ...string) (string, bool) {
	t.Helper()
	cmd := exec.Command(filepath.Join("../../scripts", name), args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return string(out), err == nil
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	uvtest.Check(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

// TestKnownVulnerabilitiesOfThePin: the lock's version has no CVE of the table, and a version
// that has one is refused.
func TestKnownVulnerabilitiesOfThePin(t *testing.T) {
	for version, want := range map[string]string{
		"1.41.0": "CVE-2021-22918", "1.47.0": "CVE-2024-24806", "1.48.0": "", "1.50.0": "", "1.5.0": "CVE-2014-9748",
	} {
		out, ok := script(t, []string{"LOCK=" + write(t, "version="+version+"\n")}, "libuv-security.sh", "--seen", "/dev/null")
		if ok != (want == "") || !strings.Contains(out, want) {
			t.Errorf("pin %s: %v, %s", version, ok, out)
		}
	}
	if out, ok := script(t, nil, "libuv-security.sh", "--seen", "/dev/null"); !ok {
		t.Error(out)
	}
	if out, ok := script(t, []string{"TSV=" + write(t, "# nothing\n")}, "libuv-security.sh", "--seen", "/dev/null"); ok || !strings.Contains(out, "lists no CVE") {
		t.Errorf("a table without CVEs: %v, %s", ok, out)
	}
}

// TestNewerPackagesOfDebian: what a suite has is compared with what the table knows of it.
func TestNewerPackagesOfDebian(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("dpkg compares Debian's versions, and this machine has none")
	}
	table := "TSV=" + write(t, "cve\tCVE-2024-24806\t1.24.0\t1.48.0\twhat\ndebian\told-security\t1.44.2-1+deb12u1\tCVE-2024-24806\ndebian\tnew-security\tnone\tnothing\n")
	for seen, want := range map[string]string{
		"old-security 1.44.2-1+deb12u1\n":                                "",
		"old-security 1.44.2-1\n":                                        "",
		"old-security 1.44.2-1+deb12u2\n":                                "Debian old-security has libuv1 1.44.2-1+deb12u2",
		"old-security 1.44.2-1+deb12u10\n":                               "1.44.2-1+deb12u10",
		"new-security 1.50.0-2+deb13u1\n":                                "Debian new-security has libuv1 1.50.0-2+deb13u1, and security.tsv knows none",
		"old-security 1.44.2-1+deb12u1\nnew-security 1.50.0-2+deb13u1\n": "Debian new-security",
		"other 1.0-1\n":                                                  "nothing of that suite",
	} {
		out, ok := script(t, []string{table}, "libuv-security.sh", "--seen", write(t, seen))
		if ok != (want == "") || !strings.Contains(out, want) {
			t.Errorf("%q: %v, %s", seen, ok, out)
		}
	}
}

// TestWithoutArchive: a machine whose sources name no archive of Debian is told that nothing
// was compared, and fails where the network is required.
func TestWithoutArchive(t *testing.T) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("apt-get is not here, so there are no sources to leave out")
	}
	conf := "APT_CONFIG=" + write(t, "Dir::Etc::sourcelist \"/dev/null\";\nDir::Etc::sourceparts \"/dev/null\";\n")
	const want = "name no archive of Debian"
	if out, ok := script(t, []string{conf}, "libuv-security.sh"); !ok || !strings.Contains(out, want) {
		t.Errorf("%v, %s", ok, out)
	}
	if out, ok := script(t, []string{conf, "UVGO_REQUIRE_NETWORK=1"}, "libuv-security.sh"); ok || !strings.Contains(out, want) {
		t.Errorf("with UVGO_REQUIRE_NETWORK=1: %v, %s", ok, out)
	}
}
