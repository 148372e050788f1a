package server

import (
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/keepalive"
)

// keepAlive sets the probes of the connections to come: the kernel copies them from
// the listener, so they cost a connection nothing.
func (w *worker) keepAlive(t *handles.TCP) error {
	cfg := keepalive.Config(w.server.KeepAlive, w.server.KeepAliveConfig)
	if !cfg.Enable {
		return nil
	}
	fd, err := t.FD()
	if err != nil {
		return err
	}
	return keepalive.Set(fd, cfg)
}
