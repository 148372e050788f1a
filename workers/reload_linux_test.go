package workers

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestTheNumberOfWorkersChangesDuringAReload: the reload ends, and all workers are of its generation.
func TestTheNumberOfWorkersChangesDuringAReload(t *testing.T) {
	for name, n := range map[string]int{"more": 3, "fewer": 1} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "go")
			put := func() {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put()
			s := start(t, plan{Helper: "late", Supervisor: &Supervisor{Workers: 2, Notify: true}}, "LATE="+file)
			s.ready(2)
			os.Remove(file)
			done := make(chan error, 1)
			go func() { _, err := Ask(s.control, "reload"); done <- err }()
			s.until("the reload", func(st *Status) bool { return st.State == "reloading" && len(st.Slots) == 4 })
			if _, err := Ask(s.control, "scale", itoa(n)); err != nil {
				t.Fatal(err)
			}
			s.until("the number", func(st *Status) bool { return st.Workers == n })
			put()
			if err := <-done; err != nil {
				t.Errorf("the reload returns %v", err)
			}
			st := s.ready(n)
			for _, w := range st.Slots {
				if text, _ := environ(t, w.PID, "UVGO_GENERATION"); w.Generation != 2 || text != "2" {
					t.Errorf("worker %d is of generation %d, and its environment says %q", w.Slot, w.Generation, text)
				}
			}
			s.signal(syscall.SIGTERM)
			s.wait(0)
		})
	}
}
