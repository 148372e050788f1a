package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckDoesNotTurnCgoOn: without a compiler go turns cgo off. That ends with the compiler's installation, and nothing else is to be done.
func TestCheckDoesNotTurnCgoOn(t *testing.T) {
	m := newMachine(t)
	m.env = append(m.env, "CC=nothing")
	if r := m.run("-check"); r.status != 1 || !strings.Contains(r.stdout, "no C compiler") || strings.Contains(r.stdout, "CGO_ENABLED") {
		t.Errorf("status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
}

// TestCheck: each fault of a machine's set-up is told with the command that mends it.
func TestCheck(t *testing.T) {
	healthy := func(m *machine) { m.must("-tarball", m.tarball, "-w") }
	for _, tt := range []struct {
		name, want, mend string // want is "" for a healthy machine
		prepare          func(m *machine)
	}{
		{"healthy", "", "", healthy},
		{"nothing", `"pkg-config" for libuv, and there is no such program`, "go run github.com/uvgo/uvgo/cmd/libuv -w", func(m *machine) { m.bare(m.t) }},
		{"cgo off", "CGO_ENABLED=0 turns cgo off", "unset CGO_ENABLED", func(m *machine) {
			healthy(m)
			m.env = append(m.env, "CGO_ENABLED=0")
		}},
		{"cgo off, kept", "cgo is off (CGO_ENABLED=0)", "go env -w CGO_ENABLED=1", func(m *machine) {
			healthy(m)
			m.goEnv(m.t, "-w", "CGO_ENABLED=0")
		}},
		{"32 bits", "no libuv for GOARCH 386", "unset GOARCH", func(m *machine) { m.env = append(m.env, "GOARCH=386") }},
		{"cross", "s390x-linux-gnu-gcc", "apt-get install gcc-s390x-linux-gnu", func(m *machine) { m.env = append(m.env, "GOARCH=s390x", "CC=") }},
		{"cross without cgo", "for another GOOS or GOARCH", "export CGO_ENABLED=1 CC=s390x-linux-gnu-gcc", func(m *machine) { m.env = append(m.env, "GOARCH=s390x", "CC=") }},
		{"no compiler", `no C compiler: "nothing" does not run`, "apt-get install gcc libc6-dev", func(m *machine) { m.env = append(m.env, "CC=nothing") }},
		{"no headers", "no headers of the C library", "apt-get install libc6-dev", func(m *machine) { m.env = append(m.env, "CC=gcc -nostdinc") }},
		{"old libuv", "finds libuv 1.44.2 in", "go run github.com/uvgo/uvgo/cmd/libuv -w", func(m *machine) {
			m.write("old/libuv-static.pc", []byte("includedir=/old\nName: libuv-static\nDescription: old\nVersion: 1.44.2\nCflags: -I/old\n"))
			healthy(m)
			m.env = append(m.env, "PKG_CONFIG_PATH="+filepath.Join(m.dir, "old"))
		}},
		{"another libuv in front", "comes before the one that -w has written", "unset PKG_CONFIG_PATH", func(m *machine) {
			healthy(m)
			m.env = append(m.env, "PKG_CONFIG_PATH="+strings.TrimSpace(m.must("-flavour", "plain", "-print", "dir").stdout))
		}},
		{"stale", "is stale", "-w", func(m *machine) {
			healthy(m)
			m.lock(m.write("new.tar.gz", tarball(stub(map[string]string{"LICENSE": "new"}))))
		}},
		{"gone", "no libuv for linux/", "go run github.com/uvgo/uvgo/cmd/libuv", func(m *machine) {
			m.bare(m.t)
			healthy(m)
			if err := os.RemoveAll(strings.TrimSpace(m.must("-print", "dir").stdout)); err != nil {
				m.t.Fatal(err)
			}
		}},
		{"hidden", "PKG_CONFIG=/opt/x hides what go keeps", "unset PKG_CONFIG", func(m *machine) {
			healthy(m)
			m.env = append(m.env, "PKG_CONFIG=/opt/x")
		}},
		{"no stamp", "lacks the stamp", "-w", func(m *machine) {
			healthy(m)
			m.goEnv(m.t, "-w", "CGO_CFLAGS=-O2")
		}},
		{"broken library", "a program with libuv cannot be built", "-w", func(m *machine) {
			healthy(m)
			dir := strings.TrimSpace(m.must("-print", "dir").stdout)
			if err := os.Truncate(filepath.Join(dir, "lib/libuv.a"), 100); err != nil {
				m.t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			if _, err := exec.LookPath("gcc"); err != nil {
				t.Skip("no gcc here")
			}
			tt.prepare(m)
			r := m.run("-check")
			if tt.want == "" {
				if r.status != 0 || strings.Contains(r.stdout, "BAD") || !strings.Contains(r.stdout, "has what it needs") {
					t.Errorf("status %d\n%s%s", r.status, r.stdout, r.stderr)
				}
				return
			}
			_, fault, _ := strings.Cut(r.stdout, tt.want)
			_, mend, _ := strings.Cut(fault, "\n     mend: ")
			mend, _, _ = strings.Cut(mend, "\n")
			if r.status != 1 || fault == "" || !strings.Contains(mend, tt.mend) {
				t.Errorf("status %d, want %q and %q\n%s%s", r.status, tt.want, tt.mend, r.stdout, r.stderr)
			}
		})
	}
}
