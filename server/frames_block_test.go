package server_test

import (
	"io"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// TestFramesWhileFrameBlocks: other callbacks run meanwhile and change the connection's state, and
// the peer sends on and ends its side.
func TestFramesWhileFrameBlocks(t *testing.T) {
	type step func(t *testing.T, c *server.Conn)
	all := []string{"one", "slow", "three", "four", "five"}
	for name, tt := range map[string]struct {
		meanwhile step
		frames    []string // until after is called
		after     step
		end       error
	}{
		"nothing":          {func(*testing.T, *server.Conn) {}, all, nil, io.EOF},
		"Pause":            {func(_ *testing.T, c *server.Conn) { c.Pause() }, all[:2], func(_ *testing.T, c *server.Conn) { c.Resume() }, io.EOF},
		"Pause and Resume": {func(_ *testing.T, c *server.Conn) { c.Pause(); c.Resume(); c.Pause(); c.Resume() }, all, nil, io.EOF},
		"Close":            {func(t *testing.T, c *server.Conn) { uvtest.Expect(t, c.Close()) }, all[:2], nil, nil},
		"Abort":            {func(t *testing.T, c *server.Conn) { uvtest.Expect(t, c.Abort()) }, all[:2], nil, nil},
	} {
		for _, resumed := range []bool{false, true} { // the frame is one that had stalled
			t.Run(name, func(t *testing.T) {
				looptest.EachParking(t, func(t *testing.T, park uvgo.Option) {
					blocked, release := make(chan bool), make(chan bool)
					h := newFrameProbe(t)
					h.onFrame = func(c *server.Conn, frame []byte) {
						switch string(frame) {
						case "one":
							if resumed {
								c.Pause()
								_ = c.Loop().Post(c.Resume)
							}
						case "slow":
							uvtest.Expect(t, c.Loop().Block(func() {
								blocked <- true
								<-release
							}))
							if string(frame) != "slow" {
								t.Errorf("the frame has become %q", frame)
							}
						case "ping":
							c.Write([]byte("pong"))
						}
					}
					f := server.Frames(nil, 0, h)
					r := run(t, &server.Server{Handler: f, Loops: 1, Options: []uvgo.Option{park}})
					client, other := r.dial(), r.dial()
					a, b := <-h.opened, <-h.opened
					c := a
					if a.RemoteAddr().String() != client.LocalAddr().String() {
						c = b
					}
					send(t, client, []byte("one\nslow\nthree\nfo"))
					<-blocked
					send(t, other, []byte("ping\n"))
					receive(t, other, 4)
					on(t, c, func() { tt.meanwhile(t, c) })
					_, _ = client.Write([]byte("ur\nfive")) // fails after Abort
					_ = client.(*net.TCPConn).CloseWrite()
					send(t, other, []byte("ping\n"))
					receive(t, other, 4)
					release <- true
					want := tt.frames
					if tt.after != nil {
						on(t, c, func() {}) // the callback has returned by then
						on(t, c, func() {
							if diff := cmp.Diff(tt.frames, withoutPings(h.got())); diff != "" {
								t.Errorf("before (-want +got):\n%s", diff)
							}
							tt.after(t, c)
							want = all[len(tt.frames):]
						})
					}
					if end := <-h.closed; end.conn != c || end.err != tt.end {
						t.Errorf("it ends with %v, want %v", end.err, tt.end)
					}
					if diff := cmp.Diff(want, withoutPings(h.got())); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// withoutPings leaves out the frames of the other connection.
func withoutPings(frames []string) []string {
	return slices.DeleteFunc(frames, func(f string) bool { return f == "ping" })
}
