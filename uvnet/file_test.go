package uvnet

import (
	"net"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFiles: connections, listeners and packet connections go through os.File
// and back.
func TestFiles(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		ln, err := Listen(network, address(t, network))
		check(t, err)
		lf, err := ln.(interface{ File() (*os.File, error) }).File()
		check(t, err)
		again, err := FileListener(lf)
		check(t, err)
		lf.Close()
		c, err := Dial(network, ln.Addr().String())
		check(t, err)
		s, err := again.Accept()
		check(t, err)
		cf, err := c.(half).File()
		check(t, err)
		c.Close()
		c, err = FileConn(cf)
		check(t, err)
		cf.Close()
		check(t, write(c))
		check(t, read(s))
		s.Close()
		c.Close()
		again.Close()
		ln.Close()
	})
	f, err := os.Open(os.DevNull)
	check(t, err)
	defer f.Close()
	_, ours := FileConn(f)
	_, theirs := net.FileConn(f)
	if diff := cmp.Diff(shapeOf(theirs), shapeOf(ours)); diff != "" {
		t.Errorf("no socket (-net +uvnet)\n%s", diff)
	}
}
