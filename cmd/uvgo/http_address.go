package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	addresses "github.com/uvgo/uvgo/internal/address"
	"github.com/uvgo/uvgo/internal/sock"
)

// httpForms are the addresses as an error lists them.
const httpForms = "http://host:port, https://host:port, unix:///path, fd://number and systemd:name"

// parseHTTP is parseAddress for an address to serve HTTP on.
func parseHTTP(text string) (address, error) {
	if hint := meant(text, "http"); hint != "" {
		return address{}, usagef("bad address %q: %sthe forms are %s", text, hint, httpForms)
	}
	scheme, rest, found := strings.Cut(text, "://")
	long := text
	if port := map[string]string{"http": "80", "https": "443"}[scheme]; port != "" && found {
		rest = strings.TrimSuffix(rest, "/")
		if strings.ContainsAny(rest, "/?#@") {
			return address{}, usagef("bad address %q: a server listens at a host and a port, without a path", text)
		}
		if _, _, err := addresses.SplitHostPort(rest); err != nil && err.Error() == "no port" {
			rest += ":" + port
		}
		long = map[string]string{"http": "tcp://", "https": "tls://"}[scheme] + rest
	}
	a, err := parseAddress(long)
	a.text = text
	switch scheme, _, _ = strings.Cut(long, ":"); {
	case a.isUDP():
		return address{}, usagef("bad address %q: HTTP is served on %s", text, httpForms)
	case err != nil && !isScheme(strings.TrimPrefix(scheme, "tls+")):
		return address{}, usagef("bad address %q: the forms are %s", text, httpForms)
	case err != nil:
		return address{}, usagef("%s", strings.Replace(err.Error(), fmt.Sprintf("%q", long), fmt.Sprintf("%q", text), 1))
	}
	return a, nil
}

func isScheme(scheme string) bool {
	switch scheme {
	case "tcp", "tcp4", "tcp6", "tls", "unix", "fd", "systemd":
		return true
	}
	return false
}

// isLocal tells whether only this machine reaches the address, as far as its text tells.
func (a address) isLocal() bool {
	switch a.network {
	case "unix":
		return true
	case "tcp", "tcp4", "tcp6":
		ip, err := netip.ParseAddr(a.host)
		return a.host == "localhost" || err == nil && ip.Unmap().IsLoopback()
	case "fd":
		return onlyLocal([]int{a.fd})
	case "systemd":
		fds, err := addresses.Passed(a.name)
		return err == nil && onlyLocal(fds)
	}
	return false
}

// inherited tells whether the address is that of sockets that another process has opened.
func (a address) inherited() bool { return a.network == "fd" || a.network == "systemd" }

// onlyLocal tells whether only this machine reaches any of the sockets.
func onlyLocal(fds []int) bool {
	for _, fd := range fds {
		name, err := unix.Getsockname(fd)
		if err != nil {
			return false
		}
		switch n := name.(type) {
		case *unix.SockaddrUnix:
		case *unix.SockaddrInet4:
			if !netip.AddrFrom4(n.Addr).IsLoopback() {
				return false
			}
		case *unix.SockaddrInet6:
			if !netip.AddrFrom16(n.Addr).Unmap().IsLoopback() {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// A bound is a listener and the address that it is of.
type bound struct {
	listening
	net.Listener
	file sock.File // of a unix socket that is ours
}

// listenOn makes the listeners of an address: several of systemd.
func listenOn(a address) (made []bound, err error) {
	switch a.network {
	case "unix":
		b, err := listenUnix(a)
		return []bound{b}, err
	case "fd":
		made, err = inherited(a, []int{a.fd})
	case "systemd":
		var fds []int
		if fds, err = addresses.Passed(a.name); err != nil {
			return nil, fmt.Errorf("listen on %v: %w", a, err)
		}
		made, err = inherited(a, fds)
	default:
		var ln net.Listener
		if ln, err = net.Listen(a.network, net.JoinHostPort(a.host, fmt.Sprint(a.port))); err == nil {
			made = []bound{{listening: listening{a, ln.Addr()}, Listener: ln}}
		}
	}
	return made, err
}

// listenUnix listens at a path. It replaces a socket there that nobody listens on, as package server does.
func listenUnix(a address) (bound, error) {
	defer sock.LockDir(a.path)()
	ln, err := net.Listen("unix", a.path)
	if errors.Is(err, syscall.EADDRINUSE) && sock.RemoveStale(a.path, sock.Refuses) {
		ln, err = net.Listen("unix", a.path)
	}
	if err != nil {
		return bound{}, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // another may have bound the path since
	return bound{listening{a, ln.Addr()}, ln, sock.Identify(a.path)}, nil
}

// inherited makes listeners of descriptors that the process has inherited.
func inherited(a address, fds []int) (made []bound, err error) {
	for _, fd := range fds {
		on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		switch {
		case errors.Is(err, unix.EBADF):
			err = fmt.Errorf("descriptor %d is not open", fd)
		case errors.Is(err, unix.ENOTSOCK):
			err = fmt.Errorf("descriptor %d is not a socket", fd)
		case err == nil && on == 0:
			err = fmt.Errorf("descriptor %d is a socket that does not listen", fd)
		}
		var ln net.Listener
		if err == nil {
			file := os.NewFile(uintptr(fd), a.text)
			ln, err = net.FileListener(file) // of a duplicate
			_ = file.Close()
		}
		if err != nil {
			closeAll(made)
			return nil, fmt.Errorf("listen on %v: %w", a, err)
		}
		if u, ok := ln.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
		}
		made = append(made, bound{listening: listening{a, ln.Addr()}, Listener: ln})
	}
	return made, nil
}

// closeAll closes listeners, and removes the files of those that are ours.
func closeAll(all []bound) {
	for _, b := range all {
		_ = b.Close() // the server may have closed it
		b.file.Remove()
	}
}

// url returns the address as a browser takes it, or in the form of --listen for a unix socket.
func (b bound) url() string { return b.urlOf(b.at) }

func (b bound) urlOf(at net.Addr) string {
	switch {
	case strings.HasPrefix(at.Network(), "unix"):
		return b.scheme() + "://" + at.String()
	case b.secure:
		return "https://" + at.String()
	}
	return "http://" + at.String()
}

// try returns the command that asks for the root.
func (b bound) try(insecure bool) string {
	command := "curl "
	if b.secure && insecure {
		command += "-k "
	}
	if at := b.reach(); !strings.HasPrefix(at.Network(), "unix") {
		return command + b.urlOf(at) + "/"
	}
	option := "--unix-socket "
	name := b.at.String()
	if strings.HasPrefix(name, "@") {
		option, name = "--abstract-unix-socket ", name[1:]
	}
	if b.secure {
		return command + option + name + " https://localhost/"
	}
	return command + option + name + " http://localhost/"
}

// rootError returns an error of one line that says why a directory cannot be served.
func rootError(dir string, err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) && strings.HasPrefix(err.Error(), "the fallback") {
		return withAdvice("--fallback "+e.Path, e.Err, []advice{{fs.ErrNotExist, "it names a file below --root " + dir}})
	} else if errors.As(err, &e) {
		err = e.Err
	}
	return withAdvice("cannot serve "+dir, err, []advice{
		{fs.ErrNotExist, "name a directory by --root"},
		{fs.ErrPermission, "you may not read it"},
		{syscall.ENOTDIR, "--root names a directory"},
	})
}
