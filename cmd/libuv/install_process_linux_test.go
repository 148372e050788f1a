package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// fifo makes a named pipe.
func fifo(t *testing.T, path string) string {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// slowCC is a compiler that tells the pipe "called" when it compiles for the first
// time, and then waits for the pipe "go".
func slowCC(t *testing.T, m *machine) (cc, called, release string) {
	called, release = fifo(t, filepath.Join(m.dir, "called")), fifo(t, filepath.Join(m.dir, "go"))
	cc = m.script("slow-cc", `case " $* " in *" -c "*)
  if mkdir "`+m.dir+`/first" 2>/dev/null; then echo >"`+called+`"; cat "`+release+`"; fi
esac
exec gcc "$@"`)
	return cc, called, release
}

// TestInterrupted: Ctrl-C, which a terminal sends to the compiler, too, leaves nothing.
func TestInterrupted(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "kill": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			cc, called, _ := slowCC(t, m)
			cmd := m.command("-tarball", m.tarball, "-cc", cc)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.ReadFile(called); err != nil {
				t.Fatal(err)
			}
			aside, err := filepath.Glob(filepath.Join(m.cache, ".tmp-*/out/obj"))
			if err != nil || len(aside) != 1 {
				t.Errorf("it does not build aside: %v", aside)
			}
			if err := syscall.Kill(-cmd.Process.Pid, sig); err != nil {
				t.Fatal(err)
			}
			if status := statusOf(t, cmd.Wait()); status != 128+int(sig) || !strings.Contains(stderr.String(), "nothing has been changed") {
				t.Errorf("status %d\n%s", status, &stderr)
			}
			m.nothingLeft(t)

			// What a killed process has left is removed by the next one.
			if err := os.MkdirAll(filepath.Join(m.cache, ".tmp-killed/out"), 0o755); err != nil {
				t.Fatal(err)
			}
			m.must("-tarball", m.tarball)
			if left, _ := filepath.Glob(filepath.Join(m.cache, ".tmp-*")); len(left) > 0 {
				t.Error("left behind:", left)
			}
		})
	}
}

// TestTwoAtOnce: the second waits for the first, and finds its library.
func TestTwoAtOnce(t *testing.T) {
	m := newMachine(t)
	cc, called, release := slowCC(t, m)
	first := m.command("-tarball", m.tarball, "-cc", cc)
	var wg sync.WaitGroup
	var one result
	wg.Go(func() { one = m.runs(first) })
	if _, err := os.ReadFile(called); err != nil {
		t.Fatal(err)
	}
	second := m.command("-tarball", m.tarball, "-cc", cc)
	out, err := second.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	second.Stdout = &stdout
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	for buf := make([]byte, 1024); !strings.Contains(stderr.String(), "waiting for it"); {
		n, err := out.Read(buf)
		if stderr.Write(buf[:n]); err != nil {
			t.Fatalf("the second does not wait: %v\n%s", err, &stderr)
		}
	}
	if err := os.WriteFile(release, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := stderr.ReadFrom(out); err != nil {
		t.Fatal(err)
	}
	if status := statusOf(t, second.Wait()); status != 0 {
		t.Errorf("the second: status %d\n%s", status, &stderr)
	}
	wg.Wait()
	if one.status != 0 || one.stdout != stdout.String() || strings.Contains(stderr.String(), "building") {
		t.Errorf("the first: status %d\n%s%s\nthe second:\n%s%s", one.status, one.stdout, one.stderr, &stdout, &stderr)
	}
}

// TestFullDisk mounts small disks.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a small disk can be mounted by root only")
	}
	// A few blocks are too few for the source, 300 kB for the library, and 1 MB for the stand-in.
	for _, size := range []string{"16k", "300k", "1m"} {
		t.Run(size, func(t *testing.T) {
			m := newMachine(t)
			disk := filepath.Join(m.dir, "disk")
			if err := os.Mkdir(disk, 0o755); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "none", disk).CombinedOutput(); err != nil {
				t.Skipf("no disk can be mounted here: %s", out)
			}
			t.Cleanup(func() {
				if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
					t.Errorf("umount: %s", out)
				}
			})
			m.cache = disk
			r := m.run("-tarball", m.tarball, "-dir", disk)
			if r.status != 1 || !strings.Contains(r.stderr, "is full") || r.stdout != "" {
				t.Errorf("status %d\n%s%s", r.status, r.stdout, r.stderr)
			}
			if left, _ := filepath.Glob(filepath.Join(disk, "*tmp-*")); len(left) > 0 {
				t.Error("left behind:", left)
			}
			if out, err := exec.Command("mount", "-o", "remount,size=60m", disk).CombinedOutput(); err != nil {
				t.Fatalf("remount: %s", out)
			}
			m.must("-tarball", m.tarball, "-dir", disk)
		})
	}
}

// TestReadOnlyCache mounts a disk that nobody may write to, not even root.
func TestReadOnlyCache(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a disk can be mounted by root only")
	}
	m := newMachine(t)
	disk := filepath.Join(m.dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=60m", "none", disk).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	remount := func(how string) {
		t.Helper()
		if out, err := exec.Command("mount", "-o", "remount,"+how, disk).CombinedOutput(); err != nil {
			t.Fatalf("remount: %s", out)
		}
	}
	remount("ro")
	if r := m.run("-tarball", m.tarball, "-dir", disk); r.status != 1 || !strings.Contains(r.stderr, "cannot write to "+disk) {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}

	// With the library there, nothing is to be written: an image's layer, say.
	remount("rw")
	want := m.must("-tarball", m.tarball, "-dir", disk)
	remount("ro")
	if r := m.must("-dir", disk); r.stdout != want.stdout {
		t.Errorf("from a disk that cannot be written:\n%s\nwant\n%s", r.stdout, want.stdout)
	}
}
