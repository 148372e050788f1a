package uvnet

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestCloseWithUnsentBytesEndsWithThePeer: what is left to send keeps a connection's
// descriptor only as long as there is a peer, however that went, and whatever had
// been read.
func TestCloseWithUnsentBytesEndsWithThePeer(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, peer *net.TCPConn){
		"reset":                    func(t *testing.T, peer *net.TCPConn) { uvtest.Check(t, peer.SetLinger(0)) },
		"closed with bytes unread": func(t *testing.T, peer *net.TCPConn) {},
		"end, then reset": func(t *testing.T, peer *net.TCPConn) {
			uvtest.Check(t, peer.CloseWrite())
			uvtest.Check(t, peer.SetLinger(0))
		},
	} {
		for before, prepare := range map[string]func(t *testing.T, peer, c net.Conn){
			"fresh":   func(t *testing.T, peer, c net.Conn) {},
			"reading": func(t *testing.T, peer, c net.Conn) { waiting(t, c) },
			"stopped": func(t *testing.T, peer, c net.Conn) {
				ended := make(chan error)
				go func() { ended <- read(c) }()
				known(t, c)
				raw, err := c.(syscall.Conn).SyscallConn()
				uvtest.Check(t, err)
				uvtest.Check(t, c.SetReadDeadline(time.Unix(1, 0)))
				<-ended
				uvtest.Check(t, c.SetReadDeadline(time.Time{}))
				uvtest.Check(t, raw.Read(func(uintptr) bool { return true }))
			},
			"unread": func(t *testing.T, peer, c net.Conn) { uvtest.Check(t, write(peer)) },
		} {
			t.Run(name+"/"+before, func(t *testing.T) {
				uvtest.Watchdog(t, minutes)
				p, c := connectPair(t, "tcp", makers[1], makers[0])
				peer := p.(*net.TCPConn)
				prepare(t, peer, c)
				ended := blocked(t, c)
				fd := uintptr(c.(*TCPConn).fd)
				id, err := identify(fd)
				uvtest.Check(t, err)
				uvtest.Check(t, c.Close())
				<-ended
				leave(t, peer)
				uvtest.Check(t, peer.Close())
				start := time.Now()
				uvtest.Eventually(t, "the descriptor to be closed", func() bool {
					now, err := identify(fd)
					return err != nil || now != id
				})
				if took := time.Since(start); took > flushLimit/2 {
					t.Errorf("took %v", took)
				}
			})
		}
	}
}
