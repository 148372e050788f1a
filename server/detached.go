package server

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/uvgo/uvgo/internal/handover"
)

// A detached is a connection of a type that is not uvnet's, with what Detach has to add to it. What package net's
// connections can do beyond net.Conn it passes on.
type detached struct {
	net.Conn
	mu    sync.Mutex // guards state.Ahead
	state handover.State
}

var (
	_ io.ReaderFrom = (*detached)(nil)
	_ io.WriterTo   = (*detached)(nil)
	_ syscall.Conn  = (*detached)(nil)
)

// NetConn returns the connection inside, as that of a tls.Conn does.
func (d *detached) NetConn() net.Conn { return d.Conn }

// Read reads what comes first, and then the connection.
func (d *detached) Read(p []byte) (int, error) {
	d.mu.Lock()
	n := copy(p, d.state.Ahead)
	if d.state.Ahead = d.state.Ahead[n:]; len(d.state.Ahead) == 0 {
		d.state.Ahead = nil
	}
	d.mu.Unlock()
	if n > 0 {
		return n, nil
	}
	return d.Conn.Read(p)
}

// WriteTo writes what comes first, and then has the connection do the rest.
func (d *detached) WriteTo(w io.Writer) (int64, error) {
	d.mu.Lock()
	ahead := d.state.Ahead
	d.state.Ahead = nil
	d.mu.Unlock()
	n := 0
	if len(ahead) > 0 {
		var err error
		if n, err = w.Write(ahead); err == nil && n < len(ahead) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return int64(n), err
		}
	}
	m, err := io.Copy(w, d.Conn)
	return int64(n) + m, err
}

// ReadFrom has the connection read r.
func (d *detached) ReadFrom(r io.Reader) (int64, error) {
	if from, ok := d.Conn.(io.ReaderFrom); ok {
		return from.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{d.Conn}, r)
}

// Close closes the connection, and gives its place back.
func (d *detached) Close() error {
	err := d.Conn.Close()
	d.mu.Lock()
	d.state.Ahead = nil
	d.mu.Unlock()
	if d.state.Closed != nil {
		d.state.Closed()
	}
	return err
}

// CloseWrite is the connection's, if it has one.
func (d *detached) CloseWrite() error {
	if c, ok := d.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

// CloseRead is the connection's, if it has one.
func (d *detached) CloseRead() error {
	if c, ok := d.Conn.(interface{ CloseRead() error }); ok {
		return c.CloseRead()
	}
	return errors.ErrUnsupported
}

// SyscallConn is the connection's, if it has one.
func (d *detached) SyscallConn() (syscall.RawConn, error) {
	if c, ok := d.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// LocalAddr returns the address that was announced, or else the connection's.
func (d *detached) LocalAddr() net.Addr {
	if d.state.Local != nil {
		return d.state.Local
	}
	return d.Conn.LocalAddr()
}

// RemoteAddr returns the address that was announced, or else the connection's.
func (d *detached) RemoteAddr() net.Addr {
	if d.state.Remote != nil {
		return d.state.Remote
	}
	return d.Conn.RemoteAddr()
}
