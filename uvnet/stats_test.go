package uvnet

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestStatsCountConnections: each way in which a connection comes, and its end once, also if it is closed twice, by both ends or
// while a call uses it. What does not connect counts nowhere.
func TestStatsCountConnections(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	g := uvtest.Must(uvgo.NewGroup(2, uvgo.WithParking(uvgo.ParkGoroutine)))
	ran := make(chan error, 1)
	go func() { ran <- g.Run(context.Background()) }()
	defer func() {
		uvtest.Check(t, g.Shutdown(context.Background()))
		uvtest.Check(t, <-ran)
	}()
	n := New(g)
	expect := func(when string, want Stats) {
		t.Helper()
		uvtest.Eventually(t, when, func() bool { return n.Stats() == want })
		if open := n.Stats().Open(); open != want.Open() {
			t.Errorf("%s: %d are open", when, open)
		}
	}
	expect("before", Stats{})
	var want Stats
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		ln := uvtest.Must(n.Listen(network, address))
		out := uvtest.Must(n.Dial(network, ln.Addr().String()))
		in := uvtest.Must(ln.Accept())
		want.Accepted++
		want.Dialed++
		expect(network+" connected", want)

		file := uvtest.Must(out.(interface{ File() (*os.File, error) }).File())
		again := uvtest.Must(n.FileConn(file))
		uvtest.Check(t, file.Close())
		want.Files++
		expect(network+" of a file", want)
		uvtest.Check(t, again.Close())

		reading := make(chan struct{})
		go func() {
			defer close(reading)
			_, _ = in.Read(make([]byte, 1))
		}()
		uvtest.Check(t, out.Close())
		_ = out.Close()
		<-reading
		uvtest.Check(t, in.Close())
		want.Closed += 3
		expect(network+" closed", want)
		uvtest.Check(t, ln.Close())
		if _, err := n.Dial(network, ln.Addr().String()); err == nil {
			t.Errorf("%s: a listener that is closed accepts", network)
		}
		expect(network+" refused", want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := n.DialContext(ctx, "tcp", "127.0.0.1:1"); err == nil {
		t.Error("a dial with a context that has ended succeeds")
	}
	expect("cancelled", want)
}

// TestStatsOfTheDefaultGroup: a nil Net and the zero Net stand for it.
func TestStatsOfTheDefaultGroup(t *testing.T) {
	before := (*Net)(nil).Stats()
	ln := uvtest.Must(Listen("tcp", "127.0.0.1:0"))
	defer ln.Close()
	out := uvtest.Must(net.DialTimeout("tcp", ln.Addr().String(), time.Minute))
	in := uvtest.Must(ln.Accept())
	if got := new(Net).Stats().Accepted; got != before.Accepted+1 {
		t.Errorf("%d accepted, %d before", got, before.Accepted)
	}
	uvtest.Check(t, out.Close())
	_, _ = io.Copy(io.Discard, in)
	uvtest.Check(t, in.Close())
	uvtest.Eventually(t, "the connection has ended", func() bool { return (*Net)(nil).Stats().Closed > before.Closed })
}
