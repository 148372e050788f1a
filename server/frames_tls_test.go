package server_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestFramesOverTLS: pauses within a record, frames over several records, the end of the peer's
// side behind a frame that is not complete, and a frame that is too large.
func TestFramesOverTLS(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	h := newFrameProbe(t)
	h.onFrame = func(c *server.Conn, frame []byte) {
		fmt.Fprintf(c, "%s\n", frame)
		c.Pause()
		_ = c.Loop().Post(c.Resume)
	}
	r := run(t, &server.Server{Handler: server.Frames(nil, 100, h), Loops: 1, TLSConfig: ca.ServerConfig(t),
		Logger: slog.New(slog.DiscardHandler)}, "tls://127.0.0.1:0")
	dial := func() *tls.Conn {
		c := uvtest.Must(tls.Dial("tcp", r.Addrs()[0].String(), ca.ClientConfig()))
		t.Cleanup(func() { c.Close() })
		uvtest.Check(t, c.SetDeadline(time.Now().Add(maxWait)))
		return c
	}
	c := dial()
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprint("line ", i, strings.Repeat("x", i%50)))
	}
	text := strings.Join(want, "\n") // the last without its end
	go func() {
		for len(text) > 0 { // a record each
			n := min(len(text), 1+len(text)%700)
			c.Write([]byte(text[:n]))
			text = text[n:]
		}
		c.CloseWrite()
	}()
	answers := uvtest.Must(io.ReadAll(c))
	if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(string(answers), "\n"), "\n")); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	h.ends(t, io.EOF)
	if diff := cmp.Diff(want, h.got()); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	c = dial()
	send(t, c, []byte("ok\n"+strings.Repeat("x", 101)))
	if got := uvtest.Must(io.ReadAll(c)); string(got) != "ok\n" {
		t.Errorf("answer %q", got)
	}
	c.Close()
	h.ends(t, server.ErrFrameTooLarge)
}
