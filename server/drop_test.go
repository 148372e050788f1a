package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

func init() { uvtest.Helper("poor", poor) }

// poor serves at the address of its argument with one loop. Its input makes it use up
// its descriptors or free them, and asks what it has dropped and reported.
func poor() {
	var reports atomic.Int64
	text := atomic.Value{}
	s := &server.Server{
		Handler: echoer{}, Loops: 1,
		Logger: slog.New(&journal{note: func(r slog.Record) { reports.Add(1); text.Store(r.Message) }}),
	}
	uvtest.Must(0, s.Listen(os.Args[1]))
	served := make(chan error)
	go func() { served <- s.Serve(context.Background()) }()
	c := uvtest.Must(net.Dial(s.Addrs()[0].Network(), s.Addrs()[0].String())) // what a first connection opens is open now
	uvtest.Must(c.Write([]byte("x")))
	uvtest.Must(c.Read(make([]byte, 1)))
	var limit unix.Rlimit
	uvtest.Must(0, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	fmt.Println(s.Addrs()[0])
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "poor":
			uvtest.Must(0, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: limit.Max}))
			var err error
			for err == nil {
				_, err = unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
			}
		case "rich":
			uvtest.Must(0, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
		}
		st := s.Stats()
		fmt.Printf("%d %d %d %v\n", st.Conns, st.Dropped, reports.Load(), text.Load())
	}
	c.Close()
	uvtest.Must(0, s.Shutdown(context.Background()))
	uvtest.Must(0, <-served)
}

// TestOutOfDescriptors: without free descriptors new connections are closed and counted, and
// reported once a second. Later ones are served.
func TestOutOfDescriptors(t *testing.T) {
	eachNetwork(t, func(t *testing.T, addr string) {
		uvtest.Watchdog(t, 2*maxWait)
		p := uvtest.Start(t, "poor", addr)
		at := p.Expect(`^(.*)$`)
		ask := func(what string) (open, dropped, reports int, text string) {
			p.Input(what + "\n")
			f := strings.SplitN(p.Expect(`^(\d+ \d+ \d+ .*)$`), " ", 4)
			return uvtest.Must(strconv.Atoi(f[0])), uvtest.Must(strconv.Atoi(f[1])), uvtest.Must(strconv.Atoi(f[2])), f[3]
		}
		network := "tcp"
		if strings.HasPrefix(addr, "unix:") {
			network = "unix"
		}
		dial := func() net.Conn {
			c, err := net.Dial(network, at)
			uvtest.Check(t, err)
			return c
		}
		for round := 1; round <= 2; round++ {
			ask("poor")
			for range 50 {
				c := dial()
				if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
					t.Errorf("a connection that cannot be had read %d, %v", n, err)
				}
				c.Close()
			}
			want := 50 * round
			open, dropped, reports, text := ask("")
			if open != 1 || dropped != want {
				t.Errorf("%d open and %d dropped, want 1 and %d", open, dropped, want)
			}
			if reports < 1 || reports > 10 || !strings.Contains(text, "out of descriptors") {
				t.Errorf("%d reports, the last is %q", reports, text)
			}
			ask("rich")
			c := dial()
			send(t, c, []byte("hello"))
			if got := receive(t, c, 5); string(got) != "hello" {
				t.Errorf("echo %q", got)
			}
			c.Close()
			for open != 1 {
				open, _, _, _ = ask("")
			}
		}
		p.CloseInput()
		if _, err := io.WriteString(io.Discard, p.Wait(0)); err != nil {
			t.Error(err)
		}
	})
}
