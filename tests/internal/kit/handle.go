package kit

import (
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// A Closer is a handle that tells when it is closed.
type Closer interface {
	uv.Handle
	OnClose(func())
}

// CloseAndRun closes the handles and runs their close callbacks.
func CloseAndRun(t *testing.T, l *uvgo.Loop, hs ...Closer) {
	t.Helper()
	closed := 0
	for _, h := range hs {
		h.OnClose(func() { closed++ })
		uvtest.Check(t, h.Close())
	}
	if closed != 0 {
		t.Error("Close ran a close callback")
	}
	if looptest.Run(t, l); closed != len(hs) {
		t.Errorf("%d close callbacks ran, want %d", closed, len(hs))
	}
}
