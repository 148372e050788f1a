package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// TestListenRefusesADescriptorTwice: Listen would close it twice, the second time perhaps
// somebody else's. After the refusal it is still the caller's.
func TestListenRefusesADescriptorTwice(t *testing.T) {
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0")).(*net.TCPListener)
	defer ln.Close()
	fd := descriptor(t, ln)
	name := fmt.Sprintf("fd://%d", fd)
	s := &server.Server{Handler: echo(t), Loops: 1}
	err := s.Listen(name, anyTCP, name)
	if !errors.Is(err, uv.EINVAL) || !strings.Contains(err.Error(), fmt.Sprintf("descriptor %d is given twice", fd)) {
		t.Fatalf("Listen: %v", err)
	}
	if !isOpen(fd) {
		t.Fatal("the descriptor was closed")
	}
	uvtest.Check(t, s.Listen(name))
	if isOpen(fd) {
		t.Error("the descriptor is open")
	}
	uvtest.Check(t, s.Shutdown(context.Background()))
}

// TestListenRefusesADescriptorOfSystemdTwice in either order, in a child whose descriptor 3 it is.
func TestListenRefusesADescriptorOfSystemdTwice(t *testing.T) {
	ln := uvtest.Must(net.Listen("tcp", "127.0.0.1:0")).(*net.TCPListener)
	defer ln.Close()
	file := uvtest.Must(ln.File())
	defer file.Close()
	for _, addrs := range [][]string{{"fd://3", "systemd:"}, {"systemd:", "fd://3"}} {
		said := activate(t, []*os.File{file}, "web", addrs...)
		if got := strings.Join(said, " "); !strings.Contains(got, "descriptor 3 is given twice") {
			t.Errorf("%v: it says %q", addrs, got)
		}
	}
}
