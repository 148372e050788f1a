package uvnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A splicing is a way of copying between connections of two makers.
type splicing struct {
	name     string
	src, dst maker
	copy     func(dst, src net.Conn) (int64, error)
}

// splicings are the copies that splice, on our side, has to do.
var splicings = func() (all []splicing) {
	whole := func(dst, src net.Conn) (int64, error) { return io.Copy(dst, src) }
	part := func(dst, src net.Conn) (int64, error) { return io.CopyN(dst, src, 3<<20) }
	limit := func(dst, src net.Conn) (int64, error) { return io.Copy(dst, io.LimitReader(src, 3<<20)) }
	readFrom := func(dst, src net.Conn) (int64, error) { return dst.(io.ReaderFrom).ReadFrom(src) }
	writeTo := func(dst, src net.Conn) (int64, error) { return src.(io.WriterTo).WriteTo(dst) }
	ours, nets := makers[0], makers[1]
	return []splicing{
		{"Copy", ours, ours, whole},
		{"CopyN", ours, ours, part},
		{"LimitReader", ours, ours, limit},
		{"ReadFrom", ours, ours, readFrom},
		{"WriteTo", ours, ours, writeTo},
		{"Copy from net", nets, ours, whole},
		{"CopyN from net", nets, ours, part},
		{"ReadFrom from net", nets, ours, readFrom},
		{"Copy to net", ours, nets, whole},
		{"WriteTo to net", ours, nets, writeTo},
	}
}()

// TestSpliceHappens: bulk data between two stream connections does not pass through the
// process, in all ways of copying; what was read ahead goes first.
func TestSpliceHappens(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	const size = 3 << 20
	want := random(size)
	for _, sp := range splicings {
		t.Run(sp.name, func(t *testing.T) {
			for _, from := range []string{"tcp", "unix"} {
				for _, to := range []string{"tcp", "unix"} {
					t.Run(from+" to "+to, func(t *testing.T) {
						in, src := connectPair(t, from, sp.src, sp.src)
						dst, out := connectPair(t, to, sp.dst, sp.dst)
						defer src.Close()
						defer out.Close()
						_, err := in.Write(want[:100])
						uvtest.Check(t, err)
						first := make([]byte, 10) // the loop reads from now on, and ahead
						_, err = io.ReadFull(src, first)
						uvtest.Check(t, err)
						got := drained(out, 32<<10)
						before := moved.spliced.Load()
						go func() {
							_, _ = in.Write(append(want[100:], want[:10]...))
							in.Close()
						}()
						if n, err := sp.copy(dst, src); n != size || err != nil {
							t.Errorf("%d bytes, %v", n, err)
						}
						dst.Close()
						same(t, append(first, <-got...), append(want, want[:10]...))
						if n := moved.spliced.Load() - before; n < size/4 { // the rest: read by the loop, to wait
							t.Errorf("splice moved %d bytes", n)
						}
					})
				}
			}
		})
	}
}

// TestSpliceToFile: a connection is spliced to a file, a pipe among them.
func TestSpliceToFile(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	want := random(2 << 20)
	for name, flags := range map[string]int{"file": 0, "appended": os.O_APPEND} {
		t.Run(name, func(t *testing.T) {
			in, src := connectPair(t, "tcp", makers[0], makers[0])
			defer src.Close()
			f, err := os.OpenFile(filepath.Join(t.TempDir(), "f"), os.O_RDWR|os.O_CREATE|flags, 0o600)
			uvtest.Check(t, err)
			defer f.Close()
			go func() {
				_, _ = in.Write(want)
				in.Close()
			}()
			if n, err := src.(io.WriterTo).WriteTo(f); n != int64(len(want)) || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			got, err := os.ReadFile(f.Name())
			uvtest.Check(t, err)
			same(t, got, want)
		})
	}
	t.Run("pipe", func(t *testing.T) {
		in, src := connectPair(t, "tcp", makers[0], makers[0])
		defer src.Close()
		r, w, err := os.Pipe()
		uvtest.Check(t, err)
		defer r.Close()
		go func() {
			_, _ = in.Write(want)
			in.Close()
			if n, err := src.(io.WriterTo).WriteTo(w); n != int64(len(want)) || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			w.Close()
		}()
		got, err := io.ReadAll(r)
		uvtest.Check(t, err)
		same(t, got, want)
	})
}

// TestSpliceEnds: deadlines, Close and failures of either side end a copy, and the error
// tells which side it was.
func TestSpliceEnds(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	bulk := random(1 << 20)
	flood := func(in net.Conn) {
		for {
			if _, err := in.Write(bulk); err != nil {
				return
			}
		}
	}
	for _, sp := range splicings {
		if sp.name == "CopyN" || sp.name == "CopyN from net" || sp.name == "LimitReader" {
			continue
		}
		for name, end := range map[string]struct {
			fault func(in, src, dst, out net.Conn)
			op    string
			want  error
		}{
			"read deadline":  {func(_, src, _, _ net.Conn) { _ = src.SetReadDeadline(time.Now()) }, "read", os.ErrDeadlineExceeded},
			"source closed":  {func(_, src, _, _ net.Conn) { src.Close() }, "read", net.ErrClosed},
			"write deadline": {func(in, _, dst, _ net.Conn) { _ = dst.SetWriteDeadline(time.Now()); flood(in) }, "write", os.ErrDeadlineExceeded},
			"target closed":  {func(in, _, dst, _ net.Conn) { dst.Close(); flood(in) }, "write", net.ErrClosed},
			"peer gone":      {func(in, _, _, out net.Conn) { out.Close(); flood(in) }, "write", syscall.EPIPE},
		} {
			t.Run(sp.name+"/"+name, func(t *testing.T) {
				in, src := connectPair(t, "tcp", sp.src, sp.src)
				dst, out := connectPair(t, "tcp", sp.dst, sp.dst)
				defer src.Close()
				defer dst.Close()
				defer out.Close()
				ended := make(chan error, 1)
				go func() {
					_, err := sp.copy(dst, src)
					src.Close() // a write to it ends
					ended <- err
				}()
				_, err := in.Write(bulk)
				uvtest.Check(t, err)
				got := make([]byte, len(bulk))
				_, err = io.ReadFull(out, got) // the copy is under way
				uvtest.Check(t, err)
				if !bytes.Equal(got, bulk) {
					t.Error("other bytes arrived")
				}
				go end.fault(in, src, dst, out)
				err = <-ended
				in.Close()
				op := ""
				for e := (*net.OpError)(nil); errors.As(err, &e); err = e.Err {
					op += " " + e.Op
				}
				if !strings.HasSuffix(op, " "+end.op) || op == " "+end.op {
					t.Errorf("copy ends with an error of%s, not one of %s", op, end.op)
				}
				if reset := end.want == syscall.EPIPE && errors.Is(err, syscall.ECONNRESET); !reset && !errors.Is(err, end.want) {
					t.Errorf("copy ends with %v, want %v", err, end.want)
				}
			})
		}
	}
}

// Types that embed a connection, with a Read of their own.
type (
	inverted    struct{ *TCPConn }
	invertedNet struct{ *net.TCPConn }
)

func (c inverted) Read(p []byte) (int, error) { return invert(c.TCPConn, p) }

func (c invertedNet) Read(p []byte) (int, error) { return invert(c.TCPConn, p) }

func invert(r io.Reader, p []byte) (int, error) {
	n, err := r.Read(p)
	for i := range p[:n] {
		p[i] ^= 0xff
	}
	return n, err
}

// TestSpliceLeavesWrappers: what has a Read of its own is read.
func TestSpliceLeavesWrappers(t *testing.T) {
	uvtest.Watchdog(t, minutes)
	for _, m := range makers {
		in, src := connectPair(t, "tcp", m, m)
		dst, out := connectPair(t, "tcp", makers[0], makers[0])
		want := random(1 << 20)
		got := drained(out, 4096)
		go func() {
			_, _ = in.Write(want)
			in.Close()
		}()
		var r io.Reader
		switch c := src.(type) {
		case *TCPConn:
			r = inverted{c}
		case *net.TCPConn:
			r = invertedNet{c}
		}
		if n, err := io.CopyN(dst, r, int64(len(want))); n != int64(len(want)) || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		dst.Close()
		back := <-got
		_, _ = invert(bytes.NewReader(append([]byte(nil), back...)), back)
		same(t, back, want)
		src.Close()
		out.Close()
	}
}
