package workers

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// upgraded waits until the supervisor has executed its new program n times.
func (s *supervised) upgraded(n int) {
	s.t.Helper()
	s.until("the new program", func(*Status) bool { return strings.Count(s.log.String(), "has taken over") == n })
}

func TestUpgradesLoseNoRequestAndKeepTheWorkers(t *testing.T) {
	p := server(2)
	p.Supervisor.Prefix = true
	s := start(t, p)
	before := s.ready(2)
	l := startLoad(addr(before), 8)
	for i := range 3 {
		s.signal(syscall.SIGUSR2)
		s.upgraded(i + 1)
	}
	after := s.ready(2)
	if !slices.Equal(pids(before), pids(after)) || before.PID != after.PID || before.Listen[0] != after.Listen[0] {
		t.Errorf("it was %+v and is %+v", before, after)
	}
	// The new program waits for workers that it has not started, and may start others.
	if err := unix.Kill(after.Slots[0].PID, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.until("a successor", func(st *Status) bool { return len(st.Slots) == 2 && !slices.Contains(pids(st), after.Slots[0].PID) })
	s.ready(2)
	if _, err := Ask(s.control, "upgrade"); err != ErrHungUp { // with workers of both programs
		t.Errorf("the answer to upgrade is %v", err)
	}
	s.upgraded(4)
	if _, err := Ask(s.control, "reload"); err != nil {
		t.Error(err)
	}
	s.ready(2)
	l.stop()
	l.lost(t)
	s.signal(syscall.SIGTERM)
	s.wait(0)
}

func TestSignalsDuringAnUpgradeKillNobody(t *testing.T) {
	for range 5 {
		s := start(t, server(1))
		st := s.ready(1)
		s.signal(syscall.SIGUSR2)
		s.says("executes the new program")
		s.signal(syscall.SIGTERM) // it may be lost between the two programs
		for {
			select {
			case <-s.ended:
			case <-time.After(time.Second):
				_ = s.cmd.Process.Signal(syscall.SIGHUP) // neither kills it
				_ = s.cmd.Process.Signal(syscall.SIGTERM)
				continue
			}
			break
		}
		s.wait(0)
		gone(t, st.Slots[0].PID)
	}
}

func TestAnUpgradeToABrokenProgramDoesNotHappen(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "program")
	copyTo(t, exe)
	p := server(2)
	p.Supervisor.Prefix = true
	s := startExe(t, exe, p)
	before := s.ready(2)
	for name, content := range map[string]string{
		"it has ended with status 5": "#!/bin/sh\nexit 5\n",
		"no such file":               "#!/no/such/shell\n",
		"another form of state":      "#!/bin/sh\necho 99 >&3\n",
		"exec " + exe + ": no such":  "#!/bin/sh\necho 1 >&3; rm $0\n", // passes the trial, and cannot be executed
	} {
		if err := os.WriteFile(exe+".new", []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(exe+".new", exe); err != nil {
			t.Fatal(err)
		}
		if _, err := Ask(s.control, "upgrade"); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the upgrade returns %v, want %q", err, name)
		}
	}
	// The program's own file is gone, and workers start all the same.
	if err := unix.Kill(before.Slots[0].PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until("a successor", func(st *Status) bool { return !slices.Contains(pids(st), before.Slots[0].PID) })
	copyTo(t, exe+".new")
	if err := os.Rename(exe+".new", exe); err != nil {
		t.Fatal(err)
	}
	s.ready(2)
	s.signal(syscall.SIGUSR2)
	s.upgraded(1)
	s.ready(2)
	s.signal(syscall.SIGTERM)
	s.wait(0)
}

// environ returns a variable in the environment with which a process was started, once it has executed its program.
func environ(t *testing.T, pid int, name string) (value string, found bool) {
	t.Helper()
	text, err := os.ReadFile("/proc/" + itoa(pid) + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	for v := range strings.SplitSeq(string(text), "\x00") {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// TestWorkersDoNotInheritTheState: what the program before an upgrade has left is nothing for workers that the new one starts.
func TestWorkersDoNotInheritTheState(t *testing.T) {
	s := start(t, server(1))
	before := s.ready(1)
	s.signal(syscall.SIGUSR2)
	s.upgraded(1)
	if _, err := Ask(s.control, "reload"); err != nil {
		t.Fatal(err)
	}
	after := s.ready(1)
	if before.Slots[0].PID == after.Slots[0].PID {
		t.Fatal("the worker is the old one")
	}
	if text, found := environ(t, after.Slots[0].PID, envLegacy); found {
		t.Errorf("the worker has %s=%s", envLegacy, text)
	}
}

// TestTheTrialOfANewProgramEndsWithTheSupervisor: a new program that hangs does not outlive the supervisor that tries it.
func TestTheTrialOfANewProgramEndsWithTheSupervisor(t *testing.T) {
	dir := t.TempDir()
	exe, file := filepath.Join(dir, "program"), filepath.Join(dir, "pid")
	copyTo(t, exe)
	s := startExe(t, exe, server(1))
	s.ready(1)
	if err := os.WriteFile(exe+".new", []byte("#!/bin/sh\necho $$ > "+file+"\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(exe+".new", exe); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGUSR2)
	trial := numberIn(t, file)
	s.signal(syscall.SIGTERM)
	s.wait(0)
	gone(t, trial)
}

// TestATrialWithoutItsSupervisorIsNoSupervisor: the process that tried the program has been killed.
func TestATrialWithoutItsSupervisorIsNoSupervisor(t *testing.T) {
	t.Setenv(envProbe, "3:1")
	err := (&Supervisor{Command: []string{"sleep", "1000"}, Workers: 1, Control: "none", NoSignals: true}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "whoever started it has ended") {
		t.Errorf("Run returns %v", err)
	}
}

// TestAnUpgradeDoesNotWaitForWhoeverReadsTheOutput: the supervisor goes on while nobody does.
func TestAnUpgradeDoesNotWaitForWhoeverReadsTheOutput(t *testing.T) {
	reads := filepath.Join(t.TempDir(), "reads")
	s := start(t, plan{Reads: reads, Supervisor: &Supervisor{
		Command: []string{"sh", "-c", "yes line | head -n 100000; echo end; exec sleep 1000"}, Workers: 1, ReadyAfter: time.Millisecond, Prefix: true,
	}})
	st := s.ready(1)
	s.says("the output is full")
	upgrades := 0
	for ; ; upgrades++ {
		_, err := Ask(s.control, "upgrade")
		if err != nil && strings.Contains(err.Error(), "nobody reads what the workers write") {
			break
		}
		if err != ErrHungUp { // it was quicker than the worker; what the pipe had is lost with it
			t.Fatalf("the upgrade returns %v", err)
		}
		s.upgraded(upgrades + 1)
	}
	s.ready(1)
	if err := os.WriteFile(reads, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.until("all of its output", func(*Status) bool { return strings.Contains(s.out.String(), "[1] end\n") })
	if n := strings.Count(s.out.String(), "[1] line\n"); n != 100000 && upgrades == 0 {
		t.Errorf("%d of 100000 lines came", n)
	}
	if _, err := Ask(s.control, "upgrade"); err != ErrHungUp {
		t.Errorf("the answer to upgrade is %v", err)
	}
	s.upgraded(upgrades + 1)
	if after := s.ready(1); after.Slots[0].PID != st.Slots[0].PID {
		t.Errorf("the worker was %d and is %d", st.Slots[0].PID, after.Slots[0].PID)
	}
	s.signal(syscall.SIGTERM)
	s.wait(0)
}

// copyTo copies the test binary.
func copyTo(t *testing.T, path string) {
	t.Helper()
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, exe); err != nil {
		t.Fatal(err)
	}
}
