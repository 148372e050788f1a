package uvnet

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// connCases are errors of a connection; s is the peer, of package net.
var connCases = []struct {
	name string
	make func(t *testing.T, c, s net.Conn) error
}{
	{"read closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return read(c) }},
	{"write closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return write(c) }},
	{"close closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.Close() }},
	{"deadline closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.SetDeadline(time.Now()) }},
	{"close write closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).CloseWrite() }},
	{"file closed", func(t *testing.T, c, s net.Conn) error { c.Close(); _, err := c.(half).File(); return err }},
	{"read buffer closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).SetReadBuffer(1) }},
	{"copy closed", func(t *testing.T, c, s net.Conn) error {
		c.Close()
		if r, ok := c.(*net.TCPConn); ok {
			_, err := r.ReadFrom(strings.NewReader("x"))
			return err
		}
		if r, ok := c.(*TCPConn); ok {
			_, err := r.ReadFrom(strings.NewReader("x"))
			return err
		}
		return nil // of package net's, only TCPConn has it
	}},
	{"copy out closed", func(t *testing.T, c, s net.Conn) error {
		c.Close()
		if w, ok := c.(io.WriterTo); ok && c.LocalAddr().Network() == "tcp" {
			_, err := w.WriteTo(struct{ io.Writer }{io.Discard})
			return err
		}
		return nil
	}},
	{"close read closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).CloseRead() }},
	{"close read twice", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.(half).CloseRead())
		return c.(half).CloseRead()
	}},
	{"write buffer closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.(half).SetWriteBuffer(1) }},
	{"read deadline closed", func(t *testing.T, c, s net.Conn) error { c.Close(); return c.SetReadDeadline(time.Time{}) }},
	{"read nothing closed", func(t *testing.T, c, s net.Conn) error { c.Close(); _, err := c.Read(nil); return err }},
	{"write nothing closed", func(t *testing.T, c, s net.Conn) error { c.Close(); _, err := c.Write(nil); return err }},
	{"read nothing past deadline", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.SetDeadline(time.Unix(1, 0)))
		_, err := c.Read(nil)
		return err
	}},
	{"write nothing past deadline", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.SetDeadline(time.Unix(1, 0)))
		_, err := c.Write(nil)
		return err
	}},
	{"raw control closed", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		c.Close()
		return raw.Control(func(uintptr) {})
	}},
	{"raw read closed", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		c.Close()
		return raw.Read(func(uintptr) bool { return true })
	}},
	{"raw write closed", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		c.Close()
		return raw.Write(func(uintptr) bool { return true })
	}},
	{"raw read past deadline", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		uvtest.Check(t, c.SetDeadline(time.Unix(1, 0)))
		return raw.Read(func(uintptr) bool { return true })
	}},
	{"raw read until deadline", func(t *testing.T, c, s net.Conn) error {
		raw, err := c.(syscall.Conn).SyscallConn()
		uvtest.Check(t, err)
		uvtest.Check(t, c.SetDeadline(time.Now().Add(5*time.Millisecond)))
		return raw.Read(func(uintptr) bool { return false })
	}},
	{"no delay closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetNoDelay, true) }},
	{"keep-alive closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetKeepAlive, true) }},
	{"period closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetKeepAlivePeriod, time.Hour) }},
	{"linger closed", func(t *testing.T, c, s net.Conn) error { return tcpClosed(c, tcpOptions.SetLinger, 0) }},
	{"probes closed", func(t *testing.T, c, s net.Conn) error {
		return tcpClosed(c, tcpOptions.SetKeepAliveConfig, net.KeepAliveConfig{})
	}},
	{"copy to a writer that fails", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, write(s))
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		_, err := c.(io.WriterTo).WriteTo(&failingWriter{})
		return err
	}},
	{"copy from a reader that fails", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		_, err := c.(io.ReaderFrom).ReadFrom(&failingReader{})
		return err
	}},
	{"send a closed file", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		uvtest.Check(t, err)
		f.Close()
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"send a file past deadline", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		uvtest.Check(t, err)
		defer f.Close()
		uvtest.Check(t, c.SetDeadline(time.Unix(1, 0)))
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"send a file closed", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		uvtest.Check(t, err)
		defer f.Close()
		c.Close()
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"send a file after close write", func(t *testing.T, c, s net.Conn) error {
		if _, ok := c.(tcpOptions); !ok {
			return nil
		}
		f, err := os.Open(os.Args[0])
		uvtest.Check(t, err)
		defer f.Close()
		uvtest.Check(t, c.(half).CloseWrite())
		_, err = c.(io.ReaderFrom).ReadFrom(f)
		return err
	}},
	{"read while closing", func(t *testing.T, c, s net.Conn) error {
		time.AfterFunc(5*time.Millisecond, func() { c.Close() })
		return read(c)
	}},
	{"write while closing", func(t *testing.T, c, s net.Conn) error {
		time.AfterFunc(5*time.Millisecond, func() { c.Close() })
		return fill(c)
	}},
	{"read past deadline", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.SetDeadline(time.Now().Add(-time.Second)))
		return read(c)
	}},
	{"read until deadline", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
		return read(c)
	}},
	{"write past deadline", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.SetDeadline(time.Now().Add(-time.Second)))
		return write(c)
	}},
	{"write until deadline", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		return fill(c)
	}},
	{"read nothing", func(t *testing.T, c, s net.Conn) error { _, err := c.Read(nil); return err }},
	{"write nothing", func(t *testing.T, c, s net.Conn) error { _, err := c.Write(nil); return err }},
	{"read end", func(t *testing.T, c, s net.Conn) error { s.Close(); return read(c) }},
	{"read end twice", func(t *testing.T, c, s net.Conn) error { s.Close(); _ = read(c); return read(c) }},
	{"read after close read", func(t *testing.T, c, s net.Conn) error { uvtest.Check(t, c.(half).CloseRead()); return read(c) }},
	{"write after close write", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.(half).CloseWrite())
		return write(c)
	}},
	{"close write twice", func(t *testing.T, c, s net.Conn) error {
		uvtest.Check(t, c.(half).CloseWrite())
		return c.(half).CloseWrite()
	}},
	{"write to nobody", func(t *testing.T, c, s net.Conn) error {
		s.Close()
		_ = read(c)
		for {
			if err := write(c); err != nil {
				return errors.Unwrap(errors.Unwrap(err)) // a reset or a broken pipe, as it comes
			}
		}
	}},
}

type half interface {
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}

type tcpOptions interface {
	SetNoDelay(bool) error
	SetKeepAlive(bool) error
	SetKeepAlivePeriod(time.Duration) error
	SetKeepAliveConfig(net.KeepAliveConfig) error
	SetLinger(int) error
}

// tcpClosed sets an option of a TCP connection that is closed.
func tcpClosed[V any](c net.Conn, set func(tcpOptions, V) error, v V) error {
	o, ok := c.(tcpOptions)
	if !ok {
		return nil
	}
	c.Close()
	return set(o, v)
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("torn") }

func read(c net.Conn) error  { _, err := c.Read(make([]byte, 10)); return err }
func write(c net.Conn) error { _, err := c.Write([]byte("x")); return err }

// fill writes until that fails.
func fill(c net.Conn) error {
	for b := make([]byte, 100_000); ; {
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
}
