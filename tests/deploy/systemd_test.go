package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// units copies the units, with a program that is installed here in the place of uvgo.
func units(t *testing.T) (service, socket string) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed: apt-get install systemd")
	}
	dir := t.TempDir()
	for _, name := range []string{"uvgo-http.service", "uvgo-http.socket"} {
		text := strings.ReplaceAll(string(read(t, "deploy/systemd/"+name)), "/usr/local/bin/uvgo", "/bin/true")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "uvgo-http.service"), filepath.Join(dir, "uvgo-http.socket")
}

// analyze runs systemd-analyze.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestUnitsAreValid(t *testing.T) {
	service, socket := units(t)
	if out := analyze(t, "verify", "--man=no", service, socket); out != "" {
		t.Errorf("systemd says\n%s", out)
	}
}

// TestTheServiceIsHardened: of systemd's scale, from 0 to 10, it has at most 1.0.
func TestTheServiceIsHardened(t *testing.T) {
	service, _ := units(t)
	out := analyze(t, "security", "--offline=true", "--threshold=10", "--no-pager", service)
	t.Log(regexp.MustCompile(`Overall exposure level.*`).FindString(out))
}

func TestTheServiceHasTimeToDrain(t *testing.T) {
	text := string(read(t, "deploy/systemd/uvgo-http.service"))
	command := strings.Fields(regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(text)[1])
	knowsFlags(t, command)
	stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(text)[1]
	limit := span(t, []string{"--stop=" + stop + "s"}, "stop")
	if own, supervisor := span(t, command, "drain"), span(t, command, "drain-timeout"); !(own < supervisor && supervisor < limit) {
		t.Errorf("the server drains for %v, its supervisor waits for %v, and systemd kills after %v", own, supervisor, limit)
	}
}
