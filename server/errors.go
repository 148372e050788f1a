package server

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/uvgo/uvgo/uv"
)

// What Handler.Close gets when a limit of the server has ended the connection. errors.Is
// tells the limits apart, also where an error has more text. Those of the timeouts are
// net.Errors whose Timeout is true, and errors.Is matches them with os.ErrDeadlineExceeded;
// ErrCloseTimeout is uv.ETIMEDOUT as well.
var (
	// ErrIdleTimeout: nothing was read and nothing written for [Server.IdleTimeout].
	ErrIdleTimeout error = &limitError{"server: idle timeout", true}
	// ErrWriteTimeout: the peer took none of the unsent bytes for [Server.WriteTimeout].
	ErrWriteTimeout error = &limitError{"server: write timeout", true}
	// ErrHandshakeTimeout: the TLS handshake and the PROXY header took longer than
	// [Server.HandshakeTimeout].
	ErrHandshakeTimeout error = &limitError{"server: handshake timeout", true}
	// ErrDialTimeout: a connection of Dial was not there after [Server.DialTimeout].
	ErrDialTimeout error = &limitError{"server: dial timeout", true}
	// ErrCloseTimeout: bytes were unsent [Server.CloseTimeout] after Close.
	ErrCloseTimeout error = &limitError{"server: close timeout", true}
	// ErrTooManyConns: the peer's address has [Server.MaxConnsPerIP] connections. Open was not
	// called, so Close is not; the Logger gets this error.
	ErrTooManyConns error = &limitError{"server: too many connections from one address", false}
	// ErrProxyHeader: the PROXY header is malformed or missing. Open was not called; the Logger
	// gets this error, with more text.
	ErrProxyHeader error = &limitError{"server: bad PROXY header", false}
	// ErrProxyPeer: a peer that is not among [ProxyProtocol].Trusted has connected, although a
	// PROXY header is required. Open was not called; the Logger gets this error.
	ErrProxyPeer error = &limitError{"server: a PROXY header is required, and the peer is not trusted", false}
)

var (
	// ErrServerClosed is what Listen and Serve return after Shutdown, and Dial while Shutdown ends
	// a loop that needs no more connections.
	ErrServerClosed = errors.New("server: closed")

	errNoHandler  = fmt.Errorf("Handler is nil: %w", uv.EINVAL)
	errNilContext = fmt.Errorf("the context is nil: %w", uv.EINVAL)
	errServing    = errors.New("server: already serving")
	errGoexit     = errors.New("server: a handler called runtime.Goexit")
	errNoListener = errors.New("server: no address to listen on")
	errTruncated  = fmt.Errorf("server: the peer ended the stream without close_notify: %w", io.ErrUnexpectedEOF)
)

// A limitError is the error of a limit.
type limitError struct {
	text    string
	timeout bool
}

func (e *limitError) Error() string { return e.text }

// Timeout makes the error a net.Error.
func (e *limitError) Timeout() bool { return e.timeout }

// Temporary makes the error a net.Error. It is false: the connection is gone.
func (e *limitError) Temporary() bool { return false }

// Is matches a timeout with os.ErrDeadlineExceeded.
func (e *limitError) Is(target error) bool {
	return e.timeout && target == os.ErrDeadlineExceeded || e == ErrCloseTimeout && target == uv.ETIMEDOUT
}
