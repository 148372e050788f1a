package uvnet

import (
	"net"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestFiles: connections, listeners and packet connections go through os.File
// and back.
func TestFiles(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		ln, err := Listen(network, address(t, network))
		uvtest.Check(t, err)
		lf, err := ln.(interface{ File() (*os.File, error) }).File()
		uvtest.Check(t, err)
		again, err := FileListener(lf)
		uvtest.Check(t, err)
		lf.Close()
		c, err := Dial(network, ln.Addr().String())
		uvtest.Check(t, err)
		s, err := again.Accept()
		uvtest.Check(t, err)
		cf, err := c.(half).File()
		uvtest.Check(t, err)
		c.Close()
		c, err = FileConn(cf)
		uvtest.Check(t, err)
		cf.Close()
		uvtest.Check(t, write(c))
		uvtest.Check(t, read(s))
		s.Close()
		c.Close()
		again.Close()
		ln.Close()
	})
	f, err := os.Open(os.DevNull)
	uvtest.Check(t, err)
	defer f.Close()
	_, ours := FileConn(f)
	_, theirs := net.FileConn(f)
	if diff := cmp.Diff(shapeOf(theirs), shapeOf(ours)); diff != "" {
		t.Errorf("no socket (-net +uvnet)\n%s", diff)
	}
}
