package release

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestInstallCheckHasAProgram: scripts/install-check.sh, which CI does not run, builds the first program of a page. It finds it there.
func TestInstallCheckHasAProgram(t *testing.T) {
	cmd := exec.Command("scripts/install-check.sh", "program")
	cmd.Dir = "../.."
	out := string(uvtest.Must(cmd.Output()))
	if !strings.HasPrefix(out, "package main\n") || !strings.Contains(out, `"github.com/uvgo/uvgo/uvhttp"`) {
		t.Errorf("it is\n%s", out)
	}
}
