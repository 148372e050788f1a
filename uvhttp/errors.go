package uvhttp

import (
	"errors"
	"io"
	"net"

	"github.com/uvgo/uvgo/uvhttp/internal/h1"
)

var (
	errEOF        = io.EOF
	errClosed     = net.ErrClosed
	errOver       = errors.New("http: the handler has returned")
	errBadRequest = &h1.Error{Status: 400}
)

// opError is err in the form that package net gives its errors.
func opError(op string, c *conn, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.sc.LocalAddr(), Addr: c.sc.RemoteAddr(), Err: err}
}
