package main

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

const versionHelp = `

Tells the versions of uvgo, libuv and Go, how libuv is linked, and what the
libuv at hand lacks of what uvgo uses.`

func runVersion(args []string) error {
	others, err := parse(newFlags("version"), versionHelp, args)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return usagef("version takes no argument %q", others[0])
	}
	lacks, err := lacking()
	if err != nil {
		return err
	}
	_, err = fmt.Printf("uvgo   %s\nlibuv  %s, linked as a %s library, lacks %s\ngo     %s %s/%s\n",
		ownVersion(), uvgo.Version(), uvgo.Linkage(), lacks, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// ownVersion returns uvgo's version, with the commit if it was built in a checkout.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return uvgo.Release
	}
	return versionOf(info)
}

// versionOf returns the version that go build has recorded. A checkout without tags has
// none, and a pseudo-version then begins with v0.0.0: both come after the last release.
func versionOf(info *debug.BuildInfo) string {
	version, pseudo := info.Main.Version, ""
	if version == "" || version == "(devel)" || strings.HasPrefix(version, "v0.0.0-") {
		version, pseudo = uvgo.Release, strings.Trim(version, "()")
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = ", changed"
		}
	}
	switch {
	case commit != "" && !strings.Contains(version, commit): // a pseudo-version has it
		return fmt.Sprintf("%s (commit %s%s)", version, commit, changed)
	case commit == "" && strings.HasPrefix(pseudo, "v0.0.0-"): // go install of a commit
		return fmt.Sprintf("%s (%s)", version, pseudo)
	}
	return version
}

// lacking names the features that uvgo would use, but that this libuv or system does
// not have.
func lacking() (string, error) {
	l, err := uvgo.New()
	if err != nil {
		return "", err
	}
	defer l.Close()
	t, err := l.NewTCP()
	if err != nil {
		return "", err
	}
	err = t.Bind(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0), handles.ReusePort)
	_ = t.Close() // never fails on the loop's goroutine
	_, _ = l.RunNoWait()
	if errors.Is(err, uv.ENOTSUP) {
		return "SO_REUSEPORT, which comes with 1.49: a server's loops share one TCP listener", nil
	}
	return "nothing that uvgo uses", nil
}
