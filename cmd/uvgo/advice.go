package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/uvgo/uvgo/uv"
)

// advice says what to do about an error. It is empty if the error says enough.
type advice struct {
	err  error
	text string
}

// listenError returns an error of one line that says why listening at the address
// failed.
func (a address) listenError(err error) error {
	hints := []advice{
		{syscall.EADDRINUSE, "stop what listens there, or choose another port with --listen"},
		{syscall.EADDRNOTAVAIL, "no interface of this machine has that address"},
		{syscall.EACCES, "ports below 1024 take privileges, choose a higher one"},
		{syscall.EMFILE, fewerLoops},
	}
	if a.network == "unix" {
		hints = []advice{
			{syscall.EADDRINUSE, a.occupant() + " choose another path with --listen"},
			{syscall.EACCES, "you may not write to its directory"},
			{fs.ErrNotExist, "make its directory first"},
			{syscall.EMFILE, fewerLoops},
		}
	}
	if inner := errors.Unwrap(err); inner != nil { // without the address, which the line names already
		err = inner
	}
	return withAdvice("cannot listen on "+a.text, err, hints)
}

// fewerLoops is what to do when a loop cannot have its descriptors.
const fewerLoops = "raise the limit of open files (ulimit -n), or use fewer --loops"

// loopError returns an error of one line that says why an event loop cannot be made.
func loopError(err error) error {
	return withAdvice("cannot make an event loop", err, []advice{{syscall.EMFILE, fewerLoops}})
}

// occupant says what is at the path of a unix address.
func (a address) occupant() string {
	if kind := a.fileKind(); kind != "" {
		return "the path is " + kind + ", not a socket: remove it, or"
	}
	return "a running server has it: stop that, or"
}

// fileKind names what is at the path, empty for a socket or nothing.
func (a address) fileKind() string {
	info, err := os.Lstat(a.path)
	switch {
	case err != nil || info.Mode()&fs.ModeSocket != 0:
		return ""
	case info.Mode().IsRegular():
		return "a regular file"
	case info.IsDir():
		return "a directory"
	case info.Mode()&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "a special file"
}

// connectError returns an error of one line that says why connecting to the address
// failed.
func (a address) connectError(err error) error {
	server := "uvgo echo --listen " + a.text
	if isWeb(a.text) {
		server = "uvgo http --listen " + a.origin()
	}
	refused := "nothing listens there, start a server with: " + server
	if kind := a.fileKind(); a.network == "unix" && kind != "" {
		refused = "the path is " + kind + ", not a socket"
	}
	switch {
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return fmt.Errorf("cannot connect to %s: %w: name a file with its authority by --ca, or trust everybody by --insecure", a.text, err)
	case a.secure && speaksNoTLS(err):
		return fmt.Errorf("cannot connect to %s: %w: no TLS there, write %s", a.text, err, a.plain())
	}
	return withAdvice("cannot connect to "+a.text, err, []advice{
		{syscall.ECONNREFUSED, refused},
		{fs.ErrNotExist, "there is no such socket, start a server with: " + server},
		{syscall.EACCES, "you may not write to that socket"},
		{syscall.EAGAIN, "its queue of connections is full"},
		{syscall.EADDRNOTAVAIL, "no local port is left for it, use fewer connections"},
		{syscall.EMFILE, "raise the limit of open files (ulimit -n), or use fewer connections"},
		{syscall.ETIMEDOUT, "nobody answers"},
	})
}

// speaksNoTLS tells whether a handshake has failed because of what a server without TLS sends.
// One that echoes sends the client's own message back, for which crypto/tls has no type of error.
func speaksNoTLS(err error) bool {
	return errors.As(err, new(tls.RecordHeaderError)) || strings.Contains(err.Error(), "clientHelloMsg")
}

// speaksTLS tells whether an answer to a client without TLS begins with an alert of TLS.
func speaksTLS(p []byte) bool { return len(p) >= 2 && p[0] == 21 && p[1] == 3 }

// perhapsTLS says what to do about a server that ends a connection before it has sent anything,
// as one with TLS does. It is empty for an address with TLS.
func (a address) perhapsTLS() string {
	if a.secure {
		return ""
	}
	return "if TLS is there, write " + a.withTLS()
}

// withAdvice returns one line with what was tried, why it failed and what to do.
func withAdvice(what string, err error, hints []advice) error {
	line := what + ": " + reason(err)
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return errors.New(line + ": " + h.text)
		}
	}
	return errors.New(line)
}

// reason returns an error's text without its address or host, which the line names
// already.
func reason(err error) string {
	if e := (*uv.Error)(nil); errors.As(err, &e) {
		return (&uv.Error{Errno: e.Errno}).Error()
	}
	if e := syscall.Errno(0); errors.As(err, &e) { // of package net or os
		return (&uv.Error{Errno: uv.ErrnoOf(e)}).Error()
	}
	if e := (*net.DNSError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err.Error()
}
