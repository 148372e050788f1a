package workers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// notifyAddress finds the socket that a worker's supervisor listens on. It is "" before the worker has executed its program: the
// kernel names a process by its program before the environment can be read.
func notifyAddress(pid int) string {
	name, _ := os.ReadFile(filepath.Join("/proc", itoa(pid), "comm"))
	if string(name) != "sleep\n" {
		return ""
	}
	text, _ := os.ReadFile(filepath.Join("/proc", itoa(pid), "environ"))
	for _, v := range strings.Split(string(text), "\x00") {
		if name, ok := strings.CutPrefix(v, "NOTIFY_SOCKET="); ok {
			return name
		}
	}
	return ""
}

func TestOnlyWorkersSayThatTheyAreReady(t *testing.T) {
	s := start(t, plan{Supervisor: &Supervisor{Command: []string{"sleep", "1000"}, Workers: 1, Notify: true, ReadyTimeout: time.Hour}})
	var address string
	s.until("a worker that has executed its program", func(st *Status) bool {
		address = notifyAddress(st.Slots[0].PID)
		return address != ""
	})
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	to := &unix.SockaddrUnix{Name: address}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	// The supervisor closes descriptors that come with a message, whosever it is: then the pipe has its end.
	if err := unix.Sendmsg(fd, []byte("READY=1\nSTATUS=forged"), unix.UnixRights(pipe[1]), to, 0); err != nil {
		t.Fatal(err)
	}
	unix.Close(pipe[1])
	if n, err := unix.Read(pipe[0], make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("reading the pipe returns %d, %v", n, err)
	}
	if a, err := Ask(s.control, "status"); err != nil || a.Status.Slots[0].State != "starting" || a.Status.Slots[0].Message != "" {
		t.Errorf("behind a forged message the worker is %+v, %v", a.Status.Slots[0], err)
	}
}

func TestAWorkerThatWritesToTheSocketIsNotReadyByTime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "go")
	s := start(t, plan{Helper: "late", Supervisor: &Supervisor{Workers: 1, ReadyAfter: 500 * time.Millisecond, ReadyTimeout: time.Minute}}, "LATE="+file)
	s.until("its message", func(st *Status) bool { return st.Slots[0].Message == "loads" })
	s.until("the time at which it would be ready", func(st *Status) bool { return st.Slots[0].Age > time.Second })
	if a, err := Ask(s.control, "status"); err != nil || a.Status.Slots[0].State != "starting" {
		t.Errorf("it is %+v, %v", a.Status.Slots[0], err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.ready(1)
}
