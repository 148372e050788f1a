package server_test

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// loopbacks are the trusted proxies of tests.
var loopbacks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// dialFDs connects to an IPv4 address n times, and returns the descriptors, which the test's end
// closes by resets. They take next to no memory of Go's heap.
func dialFDs(t testing.TB, a *net.TCPAddr, n int) []int {
	t.Helper()
	fds := make([]int, 0, n)
	t.Cleanup(func() {
		for _, fd := range fds {
			_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			unix.Close(fd)
		}
	})
	for range n {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		uvtest.Check(t, err)
		fds = append(fds, fd)
		uvtest.Check(t, unix.Connect(fd, &unix.SockaddrInet4{Port: a.Port, Addr: [4]byte(a.IP.To4())}))
	}
	return fds
}

// writeFD writes to a connection of dialFDs.
func writeFD(t testing.TB, fd int, p string) {
	t.Helper()
	_, err := unix.Write(fd, []byte(p))
	uvtest.Check(t, err)
}

// processMemory returns how many bytes of memory the process has: VmRSS.
func processMemory(t testing.TB) int {
	t.Helper()
	for line := range strings.Lines(string(uvtest.Must(os.ReadFile("/proc/self/status")))) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return uvtest.Must(strconv.Atoi(strings.Fields(rest)[0])) << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
