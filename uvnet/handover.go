package uvnet

import (
	"net"

	"github.com/uvgo/uvgo/internal/handover"
)

func init() { handover.Register(takeOver) }

// takeOver makes a connection of this package, which nobody uses yet, go on where another owner of the
// socket has stopped.
func takeOver(nc net.Conn, s handover.State) bool {
	var c *conn
	switch nc := nc.(type) {
	case *TCPConn:
		c = &nc.conn
	case *UnixConn:
		c = &nc.conn
	default:
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(s.Ahead) > 0 {
		c.in.ahead = c.in.ahead.add(s.Ahead)
	}
	if s.Local != nil {
		c.laddr = s.Local
	}
	if s.Remote != nil {
		c.raddr = s.Remote
	}
	c.life.left = s.Closed
	return true
}
