package workers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const anyPort = "tcp://127.0.0.1:0"

// server is a plan for n workers that serve HTTP.
func server(n int) plan {
	return plan{Helper: "serve", Supervisor: &Supervisor{Workers: n, Listen: []string{anyPort}, Notify: true}}
}

func TestKilledWorkersAreReplacedUnderLoad(t *testing.T) {
	s := start(t, server(2))
	st := s.ready(2)
	const clients = 8
	l := startLoad(addr(st), clients)
	for range 5 {
		before := s.ready(2)
		victim := before.Slots[0].PID
		if err := unix.Kill(victim, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.until("a successor", func(st *Status) bool {
			return len(st.Slots) == 2 && !slices.Contains(pids(st), victim) && st.Slots[0].PID != 0
		})
	}
	s.ready(2)
	l.stop()
	if n := l.refused.Load(); n > 0 {
		t.Errorf("%d connections were refused: %v", n, l.first)
	}
	if n := l.failures.Load(); n > 5*clients {
		t.Errorf("%d requests have failed; a worker has at most %d under way: %v", n, clients, l.first)
	}
	s.signal(syscall.SIGTERM)
	s.wait(0)
}

func TestReloadsLoseNoRequest(t *testing.T) {
	s := start(t, server(2))
	st := s.ready(2)
	l := startLoad(addr(st), 8)
	for i := range 20 {
		s.signal(syscall.SIGHUP)
		s.until("the next generation", func(st *Status) bool { return st.Generation == i+2 && st.State == "running" })
	}
	s.ready(2) // the old ones have ended
	l.stop()
	l.lost(t)
	s.signal(syscall.SIGTERM)
	s.wait(0)
	if text := s.log.String(); strings.Contains(text, "signal") {
		t.Errorf("a worker was ended by a signal")
	}
}

func TestSignalsDuringTheStartAreNotLost(t *testing.T) {
	s := start(t, server(2))
	s.until("the supervisor", func(*Status) bool { return true })
	s.signal(syscall.SIGTERM)
	s.wait(0)
}

func TestRequestsUnderWayAreFinishedAtTheEnd(t *testing.T) {
	s := start(t, server(2))
	st := s.ready(2)
	c, err := net.Dial("tcp", addr(st))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /slow HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n.")
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	s.signal(syscall.SIGTERM)
	s.until("one draining worker", func(st *Status) bool { return len(st.Slots) == 1 || st.Slots[0].PID == 0 || st.Slots[1].PID == 0 })
	fmt.Fprint(c, ".")
	body, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasSuffix(string(body), " done\n") {
		t.Errorf("the answer is %q, %v", body, err)
	}
	s.wait(0)
}

func TestCrashLoopsEndTheSupervisor(t *testing.T) {
	s := start(t, plan{Supervisor: &Supervisor{Command: []string{"sh", "-c", "exit 7"}, Workers: 2, MaxFailures: 3, MaxBackoff: 5 * time.Millisecond}})
	s.wait(1)
	text := s.log.String()
	if n := strings.Count(text, "worker started"); n < 4 || n > 6 {
		t.Errorf("%d starts of two workers that may fail three times each", n)
	}
	if !strings.Contains(text, "Run: workers: all 2 workers have failed; the last: status 7\n") {
		t.Errorf("it does not say why it ends")
	}
}

func TestASlotThatFailsIsGivenUpUntilAReload(t *testing.T) {
	crash := filepath.Join(t.TempDir(), "crash")
	if err := os.WriteFile(crash, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := server(2)
	p.Supervisor.MaxFailures, p.Supervisor.MaxBackoff = 2, 5*time.Millisecond
	s := start(t, p, "CRASH="+crash, "CRASH_WORKER=2")
	st := s.until("a slot that has failed", func(st *Status) bool { return st.State == "degraded" && st.Slots[0].State == "ready" })
	if w := st.Slots[1]; w.State != "failed" || w.Reason != "status 3" || w.PID != 0 {
		t.Errorf("the slot is %+v", w)
	}
	os.Remove(crash)
	if _, err := Ask(s.control, "reload"); err != nil {
		t.Error(err)
	}
	s.ready(2)
}

func TestBackoffDoublesUpToItsLimit(t *testing.T) {
	r := &run{maxBackoff: time.Second}
	for failures, want := range map[int]time.Duration{1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 4: 800 * time.Millisecond, 5: time.Second, 100: time.Second} {
		for range 100 {
			if d := r.backoff(failures); d > want || d < want*9/10 {
				t.Fatalf("after %d failures it waits %v, not %v or a tenth less", failures, d, want)
			}
		}
	}
}

func TestAReloadThatFailsKeepsTheOldWorkers(t *testing.T) {
	crash := filepath.Join(t.TempDir(), "crash")
	p := server(2)
	p.Supervisor.ReadyTimeout = 30 * time.Second
	s := start(t, p, "CRASH="+crash, "CRASH_WORKER=2")
	before := s.ready(2)
	l := startLoad(addr(before), 4)
	if err := os.WriteFile(crash, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Ask(s.control, "reload")
	if err == nil || !strings.Contains(err.Error(), "worker 2 of generation 2: status 3") {
		t.Errorf("the reload returns %v", err)
	}
	after := s.ready(2)
	if !slices.Equal(pids(before), pids(after)) {
		t.Errorf("the workers were %v and are %v", pids(before), pids(after))
	}
	if !strings.Contains(after.ReloadError, "status 3") {
		t.Errorf("the status says of the reload %q", after.ReloadError)
	}
	os.Remove(crash)
	if _, err := Ask(s.control, "reload"); err != nil {
		t.Error(err)
	}
	l.stop()
	l.lost(t)
	if st := s.ready(2); st.ReloadError != "" || slices.Equal(pids(before), pids(st)) {
		t.Errorf("behind a good reload the status is %+v", st)
	}
}

func TestReloadsThatComeTogetherAreTwo(t *testing.T) {
	s := start(t, server(1))
	s.ready(1)
	errs := make(chan error)
	for range 5 {
		go func() { _, err := Ask(s.control, "reload"); errs <- err }()
	}
	for range 5 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if st := s.ready(1); st.Generation < 2 || st.Generation > 6 {
		t.Errorf("generation %d", st.Generation)
	}
}

func TestOldWorkersAreReplaced(t *testing.T) {
	p := server(2)
	p.Supervisor.MaxAge, p.Supervisor.CheckEvery = 300*time.Millisecond, 10*time.Millisecond
	s := start(t, p)
	before := s.until("two workers", func(st *Status) bool { return len(st.Slots) == 2 && st.Slots[0].PID != 0 && st.Slots[1].PID != 0 })
	l := startLoad(addr(before), 4)
	s.until("others", func(st *Status) bool {
		return !slices.ContainsFunc(st.Slots, func(w WorkerStatus) bool { return slices.Contains(pids(before), w.PID) })
	})
	l.stop()
	l.lost(t)
	if !strings.Contains(s.log.String(), `why="its age"`) {
		t.Error("the log does not say why")
	}
}

func TestLargeWorkersAreReplaced(t *testing.T) {
	p := server(2)
	p.Supervisor.MaxMemory, p.Supervisor.CheckEvery = 200<<20, 10*time.Millisecond
	s := start(t, p)
	st := s.ready(2)
	answer, err := http.Get("http://" + addr(st) + "/grow")
	if err != nil {
		t.Fatal(err)
	}
	var large int
	fmt.Fscan(answer.Body, &large)
	answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if !slices.Contains(pids(st), large) {
		t.Fatalf("worker %d has answered, of %v", large, pids(st))
	}
	s.until("another worker", func(st *Status) bool { return len(st.Slots) == 2 && !slices.Contains(pids(st), large) })
	for _, w := range s.ready(2).Slots {
		if w.RSS == 0 || w.RSS > 200<<20 {
			t.Errorf("a worker has %d bytes", w.RSS)
		}
	}
}

func TestAWorkerThatIgnoresSIGTERMIsKilled(t *testing.T) {
	s := start(t, plan{Helper: "stubborn", Supervisor: &Supervisor{Workers: 1, Notify: true, DrainTimeout: 50 * time.Millisecond}})
	st := s.ready(1)
	s.signal(syscall.SIGTERM)
	s.wait(0)
	gone(t, st.Slots[0].PID)
	if !strings.Contains(s.log.String(), "not ended 50ms after SIGTERM") {
		t.Error("the log does not say so")
	}
}

func TestASecondSignalKills(t *testing.T) {
	s := start(t, plan{Helper: "stubborn", Supervisor: &Supervisor{Workers: 2, Notify: true, DrainTimeout: time.Hour}})
	s.ready(2)
	s.signal(syscall.SIGTERM)
	s.until("the drain", func(st *Status) bool { return st.State == "draining" })
	s.signal(syscall.SIGINT)
	s.wait(0)
}

func TestAWorkerThatIsNeverReadyIsKilled(t *testing.T) {
	s := start(t, plan{Supervisor: &Supervisor{
		Command: []string{"sleep", "1000"}, Workers: 1, Notify: true, ReadyTimeout: 30 * time.Millisecond, MaxFailures: 2, MaxBackoff: time.Millisecond,
	}})
	s.wait(1)
	if !strings.Contains(s.log.String(), "the only worker has failed: not ready within 30ms") {
		t.Error("it does not say why")
	}
}

func TestWorkersDieWithTheSupervisor(t *testing.T) {
	p := server(2)
	s := start(t, p)
	st := s.ready(2)
	s.signal(syscall.SIGKILL)
	<-s.ended
	for _, pid := range pids(st) {
		gone(t, pid)
	}
	if c, err := net.Dial("tcp", addr(st)); err == nil {
		c.Close()
		t.Error("somebody listens still")
	}
}

func TestTheNumberOfWorkersChanges(t *testing.T) {
	s := start(t, server(1))
	st := s.ready(1)
	l := startLoad(addr(st), 4)
	s.signal(syscall.SIGTTIN)
	s.ready(2)
	if _, err := Ask(s.control, "scale", "4"); err != nil {
		t.Error(err)
	}
	s.ready(4)
	s.signal(syscall.SIGTTOU)
	s.ready(3)
	if _, err := Ask(s.control, "scale", "1"); err != nil {
		t.Error(err)
	}
	s.ready(1)
	s.signal(syscall.SIGTTOU)
	s.says("there may be 1 to")
	l.stop()
	l.lost(t)
}

func TestEachWorkerHasASocketOfItsOwn(t *testing.T) {
	p := server(2)
	p.Supervisor.ReusePort = true
	s := start(t, p)
	st := s.ready(2)
	seen := map[string]bool{}
	for range 200 { // the kernel spreads connections by their ports
		answer, err := http.Get("http://" + addr(st) + "/")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		http.DefaultClient.CloseIdleConnections()
		seen[string(text)] = true
	}
	if len(seen) != 2 {
		t.Errorf("%v have answered, of %v", seen, pids(st))
	}
	l := startLoad(addr(st), 8)
	for range 3 {
		if _, err := Ask(s.control, "reload"); err != nil {
			t.Error(err)
		}
	}
	s.ready(2)
	l.stop()
	l.lost(t)
}

func TestListenPIDIsTheWorkersOwn(t *testing.T) {
	s := start(t, plan{Supervisor: &Supervisor{
		Command: []string{"sh", "-c", `test "$LISTEN_PID" = $$ && echo "$LISTEN_FDS $LISTEN_FDNAMES $UVGO_WORKER" && test -S /dev/fd/3 && test -S /dev/fd/4 && test ! -e /dev/fd/5 && echo yes; sleep 1000`},
		Workers: 1, Listen: []string{"web=" + anyPort, "udp://127.0.0.1:0"}, ReadyAfter: time.Millisecond, Prefix: true,
	}})
	s.until("its output", func(*Status) bool { return strings.Contains(s.out.String(), "[1] yes\n") })
	if want := "[1] 2 web:udp 1\n"; !strings.Contains(s.out.String(), want) {
		t.Errorf("its output is %q, without %q", s.out, want)
	}
}

func TestRunRefusesWhatMakesNoSense(t *testing.T) {
	for _, tt := range []struct {
		s    *Supervisor
		want string
	}{
		{&Supervisor{}, "no Command"},
		{&Supervisor{Command: []string{"no such command"}}, "executable file not found"},
		{&Supervisor{Command: []string{"true"}, Workers: -1}, "-1 workers"},
		{&Supervisor{Command: []string{"true"}, MaxAge: -1}, "negative MaxAge"},
		{&Supervisor{Command: []string{"true"}, ReadyAfter: time.Hour}, "must be less than ReadyTimeout"},
		{&Supervisor{Command: []string{"true"}, Listen: []string{"tls://:0"}}, "the socket itself has no TLS"},
		{&Supervisor{Command: []string{"true"}, Listen: []string{"fd://99"}}, "descriptor 99 is not open"},
		{&Supervisor{Command: []string{"true"}, Listen: []string{"systemd:x"}}, "systemd has passed no sockets"},
		{&Supervisor{Command: []string{"true"}, Control: "/no/such/directory/s"}, "the control socket /no/such/directory/s"},
	} {
		if err := tt.s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Run of %v returns %v, want %q", tt.s.Command, err, tt.want)
		}
	}
	if err := (&Supervisor{}).Reload(); err == nil {
		t.Error("Reload works without Run")
	}
}

func TestTheEndOfTheContextEndsRun(t *testing.T) {
	s := &Supervisor{Command: []string{"sleep", "1000"}, Workers: 2, ReadyAfter: time.Millisecond, Control: "none", NoSignals: true}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	for st, err := s.Status(); err != nil || len(st.Slots) != 2 || st.State != "running"; st, err = s.Status() {
		time.Sleep(time.Millisecond)
	}
	if err := s.Reload(); err != nil {
		t.Error(err)
	}
	if err := s.Scale(0); err == nil {
		t.Error("no workers at all are allowed")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := s.Status(); err == nil {
		t.Error("there is a status behind the end")
	}
}
