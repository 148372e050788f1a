package core

import (
	"strings"
	"testing"
)

func TestCallerIsOutsideOfUvgo(t *testing.T) {
	// Functions of package core count as uvgo's own: the caller is testing's.
	if got := Caller(); !strings.Contains(got, "testing.go:") {
		t.Errorf("the caller is %s", got)
	}
	for name, own := range map[string]bool{
		"github.com/uvgo/uvgo.(*Loop).NewTimer":           true,
		"github.com/uvgo/uvgo/handles.NewTimer":           true,
		"github.com/uvgo/uvgo/internal/core.(*Core).Open": true,
		"github.com/uvgo/uvgo/server.(*Server).Open":      true,
		"github.com/uvgo/uvgo_test.TestX":                 false,
		"github.com/uvgo/uvgo/tests.TestX":                false,
		"github.com/uvgo/uvgo/uvx.F":                      false,
		"github.com/uvgo/uvgoing.F":                       false,
		"main.main":                                       false,
	} {
		if internalFrame(name) != own {
			t.Errorf("internalFrame(%s) = %t", name, !own)
		}
	}
}
