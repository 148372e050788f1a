package main

import (
	"runtime/debug"
	"testing"

	"github.com/uvgo/uvgo"
)

func TestVersionOf(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for _, tt := range []struct {
		version, commit, modified, want string
	}{
		{"v0.3.1", "", "", "v0.3.1"},
		{"v0.3.1", commit, "false", "v0.3.1 (commit 0123456789ab)"},
		{"v0.3.2-0.20261128060000-0123456789ab", commit, "false", "v0.3.2-0.20261128060000-0123456789ab"},
		{"", "", "", uvgo.Release},
		{"(devel)", "", "", uvgo.Release},
		{"(devel)", commit, "true", uvgo.Release + " (commit 0123456789ab, changed)"},
		{"v0.0.0-20261128060000-0123456789ab", "", "", uvgo.Release + " (v0.0.0-20261128060000-0123456789ab)"},
		{"v0.0.0-20261128060000-0123456789ab", commit, "false", uvgo.Release + " (commit 0123456789ab)"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: tt.version}}
		if tt.commit != "" {
			info.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: tt.commit}, {Key: "vcs.modified", Value: tt.modified}}
		}
		if got := versionOf(info); got != tt.want {
			t.Errorf("%q at %q: %q, want %q", tt.version, tt.commit, got, tt.want)
		}
	}
}
