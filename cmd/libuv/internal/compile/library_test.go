package compile

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/third_party/libuv"
)

// TestCalloutsAreComplete: what is renamed has a macro, and a function for programs
// without uvgo.
func TestCalloutsAreComplete(t *testing.T) {
	header, err := fs.ReadFile(libuv.Callouts, "callouts/callouts.h")
	if err != nil {
		t.Fatal(err)
	}
	source, err := fs.ReadFile(libuv.Callouts, "callouts/callouts.c")
	if err != nil {
		t.Fatal(err)
	}
	for goos, s := range systems {
		if len(Sources(goos)) < 30 {
			t.Errorf("%s has %d sources", goos, len(Sources(goos)))
		}
		for _, name := range s.callouts {
			if !strings.Contains(string(header), "\n#define "+name+"(") || !strings.Contains(string(source), "#ifdef CALLOUT_"+name+"\n") {
				t.Errorf("%s: callouts.h or callouts.c lacks %s", goos, name)
			}
		}
	}
	if got := strings.Count(string(source), "#ifdef CALLOUT_"); got != len(systems["linux"].callouts) {
		t.Errorf("callouts.c has %d functions", got)
	}
}

// TestStampSeesEverything that goes into the library.
func TestStampSeesEverything(t *testing.T) {
	base := func() *Library {
		return &Library{Target: Target{"linux", "amd64"}, Flavour: Static, CC: &Compiler{Args: []string{"gcc"}, Version: "12"}, CFlags: []string{"-O2"}, Callouts: libuv.Callouts}
	}
	seen := make(map[string]string)
	for name, change := range map[string]func(*Library){
		"nothing":  func(*Library) {},
		"version":  func(l *Library) { l.Pin.Version = "2" },
		"target":   func(l *Library) { l.Target.GOARCH = "arm64" },
		"flavour":  func(l *Library) { l.Flavour = Plain },
		"compiler": func(l *Library) { l.CC.Version = "13" },
		"its args": func(l *Library) { l.CC.Args = []string{"gcc", "-m64"} },
		"flags":    func(l *Library) { l.CFlags = []string{"-O3"} },
	} {
		l := base()
		change(l)
		stamp, err := l.Stamp()
		if err != nil || seen[stamp] != "" {
			t.Errorf("%s: %v, the same as %s", name, err, seen[stamp])
		}
		seen[stamp] = name
	}
}
