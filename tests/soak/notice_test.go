package soak

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/handles"
)

// A recorder is a testing.TB that notes what a soak reports.
type recorder struct {
	testing.TB
	mu   sync.Mutex
	text strings.Builder
	lost int
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost++
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost > 0
}

func (*recorder) Logf(string, ...any) {}

// TestSoakNotices has operations leave or lose one thing each, which the soak must report.
func TestSoakNotices(t *testing.T) {
	var undo []func() // what a fault has left is not to be left by this test
	r := &recorder{TB: t}
	before := held()
	w := newWorld(r)
	faults := []struct {
		fault, report string
		run           func(o *op)
	}{
		{"a handle stays open", "left are handles map[timer:1]", func(o *op) {
			l := o.loop()
			o.on(l, func() { must[*handles.Timer](o, "timer")(l.NewTimer()) })
		}},
		{"a C allocation is not freed", "1 C allocations", func(*op) { undo = append(undo, cuv.LoseAllocation()) }},
		{"a descriptor stays open", "descriptor ", func(o *op) {
			f, err := os.Open(o.w.dir)
			o.check("open", err)
			undo = append(undo, func() { f.Close() })
		}},
		{"a goroutine stays", "goroutine ", func(*op) {
			wait := make(chan struct{})
			go func() { <-wait }()
			undo = append(undo, func() { close(wait) })
		}},
		{"a file stays", "files are left", func(o *op) { o.check("write", os.WriteFile(o.w.path("left"), nil, 0o600)) }},
		{"a callback comes twice", "a close callback came twice", func(o *op) {
			paid := o.owe("a close callback")
			paid()
			paid()
		}},
		{"a callback never comes", "a write callback", func(o *op) {
			undo = append(undo, o.owe("a write callback"))
			defer func() { o.lose("%v", recover()) }()
			defer func(d time.Duration) { hang = d }(hang)
			hang = time.Millisecond
			o.settle()
		}},
		{"a callback has an error that nobody provoked", "write: unexpected EOF", func(o *op) { o.check("write", fmt.Errorf("unexpected EOF")) }},
	}
	for _, tt := range faults {
		tt.run(w.op(&actor{name: "fault"}, newRand(0, 0)))
	}
	patience = 100 * time.Millisecond
	w.close()
	before.compare(r, 1)
	patience = 5 * time.Second
	for _, tt := range faults {
		if !strings.Contains(r.text.String(), tt.report) {
			t.Errorf("%s: the soak reports\n%s, want %q", tt.fault, r.text.String(), tt.report)
		}
	}
	for _, fn := range undo {
		fn()
	}
	if left := before.state.Settle(); len(left) > 0 {
		t.Errorf("the faults leave behind %v", left)
	}
}

// TestFramesNotice changes, takes out and repeats bytes of frames.
func TestFramesNotice(t *testing.T) {
	stream := append(frame([]byte("one payload")), frame([]byte("and another"))...)
	for name, change := range map[string]func(p []byte) []byte{
		"a bit":          func(p []byte) []byte { p[12] ^= 4; return p },
		"a byte too few": func(p []byte) []byte { return append(p[:15], p[16:]...) },
		"a piece twice":  func(p []byte) []byte { return append(p[:19], p[15:]...) },
		"an end too few": func(p []byte) []byte { return p[:len(p)-1] },
	} {
		var r reader
		if err := r.feed(change(append([]byte(nil), stream...))); err == nil && r.frames == 2 && r.rest() == 0 {
			t.Errorf("%s: two frames came whole", name)
		}
	}
	var r reader
	for _, b := range stream { // a byte at a time
		if err := r.feed([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if r.frames != 2 || r.bytes != 22 {
		t.Errorf("%d frames with %d bytes came, want 2 with 22", r.frames, r.bytes)
	}
}
