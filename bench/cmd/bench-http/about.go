package main

import (
	"context"
	"debug/buildinfo"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// compared are the modules whose versions a reader wants to know.
var compared = []string{"github.com/valyala/fasthttp", "github.com/lesismal/nbio"}

// about says what was measured, and where: a line for each fact.
func about(ctx context.Context, b *bench) []string {
	lines := []string{"commit " + commit(ctx, b.dir), "machine: " + machine(), runtime.Version()}
	for _, s := range b.servers {
		info, err := buildinfo.ReadFile(b.bins[s.program])
		if err != nil {
			continue
		}
		for _, m := range info.Deps {
			if v := m.Path + " " + m.Version; slices.Contains(compared, m.Path) && !slices.Contains(lines, v) {
				lines = append(lines, v)
			}
		}
	}
	return lines
}

// commit is the checkout's commit, and whether files differ from it.
func commit(ctx context.Context, dir string) string {
	git := func(args ...string) string {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	id := git("rev-parse", "--short=12", "HEAD")
	if id == "" {
		return "unknown"
	}
	if git("status", "--porcelain", "--untracked-files=no") != "" {
		id += ", changed"
	}
	return id
}

// machine is the processor and the kernel.
func machine() string {
	cpu := runtime.GOARCH
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			cpu = strings.TrimSpace(value)
			break
		}
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return cpu
	}
	return cpu + ", Linux " + unix.ByteSliceToString(u.Release[:])
}
