//go:build !linux

package server

import (
	"errors"
	"net/netip"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// lateReusePort: SO_REUSEPORT must be set before the socket is bound.
const lateReusePort = false

// share replaces l by a listener that the other workers can listen beside: here
// the option must be set before the socket is bound. Two servers that begin in the
// same moment may both get the address.
func (l *listener) share(at netip.AddrPort, opts []handles.BindOption) (*listener, error) {
	at = netip.AddrPortFrom(at.Addr(), l.port())
	l.close()
	l.worker.flush()
	shared, err := l.worker.listenTCP(at, append(opts, handles.ReusePort)...)
	if errors.Is(err, uv.ENOTSUP) {
		return l.worker.listenTCP(at, opts...)
	}
	return shared, err
}

// unshare has nothing to do.
func (l *listener) unshare() {}
