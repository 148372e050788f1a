package uvnet

import "net"

// A multipath says whether to ask for Multipath TCP. The zero value stands for the
// package's default.
type multipath int

const (
	byDefault multipath = iota
	withMultipath
	withoutMultipath
)

// set is SetMultipathTCP of Dialer and of ListenConfig.
func (m *multipath) set(use bool) {
	if *m = withoutMultipath; use {
		*m = withMultipath
	}
}

// MultipathTCP tells whether Dial asks for Multipath TCP, as
// [net.Dialer.MultipathTCP]: by default only where GODEBUG=multipathtcp says so.
func (d *Dialer) MultipathTCP() bool {
	if d.multipath == byDefault {
		return new(net.Dialer).MultipathTCP()
	}
	return d.multipath == withMultipath
}

// SetMultipathTCP has Dial ask for Multipath TCP, or not. Where the system or the
// peer does not know it, the connection is plain TCP.
func (d *Dialer) SetMultipathTCP(use bool) { d.multipath.set(use) }

// MultipathTCP tells whether Listen asks for Multipath TCP. By default it does not,
// unlike package net's, since connections of such a listener do not inherit its
// options.
func (lc *ListenConfig) MultipathTCP() bool { return lc.multipath == withMultipath }

// SetMultipathTCP has Listen ask for Multipath TCP, or not. Where the system or
// a peer does not know it, connections are plain TCP.
func (lc *ListenConfig) SetMultipathTCP(use bool) { lc.multipath.set(use) }

// MultipathTCP tells whether the connection uses Multipath TCP, and has not
// fallen back to plain TCP, as [net.TCPConn.MultipathTCP].
func (c *TCPConn) MultipathTCP() (bool, error) {
	var uses bool
	err := c.option(func(fd int) error {
		uses = usesMultipath(fd)
		return nil
	})
	return uses, err
}
