package looptls

import (
	"crypto/tls"
	"net"

	"github.com/uvgo/uvgo/uv"
)

// Detach makes the connection one for goroutines: below carries its records from now on, behind what
// Read was given and crypto/tls has not decrypted. The loop must have handed Read
// all that it has read, or give below the rest to return first. Read, Write and CloseWrite must not be called any more. What
// Detach returns closes below with itself. ENOTCONN before the connection is established.
func (c *Conn) Detach(below net.Conn) (*tls.Conn, error) {
	if c.hs != nil {
		return nil, uv.Fail("tls: detach", uv.ENOTCONN)
	}
	c.below = below
	return c.tls, nil
}
