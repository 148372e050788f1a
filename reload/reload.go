package reload

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/internal/address"
	"github.com/uvgo/uvgo/uv"
)

// kept are the sockets that this process hands on.
var kept struct {
	sync.Mutex
	inherited bool // those of the process before, or of systemd, have been looked at
	sockets   []*activation.Socket
	running   bool // a Do is under way
	handed    bool // another process has them
}

// Listen listens on an address of network "tcp", "tcp4", "tcp6" or "unix", as net.Listen does, or goes on with the socket that the process
// before has had there, or that systemd has passed for it. The listener's socket is one that Do hands on; closing the
// listener does not close it. The file of a unix socket is not removed by the listener: Close does that, unless a new process has
// the socket.
//
// Serve of packages server and uvhttp takes the listener, and so does net/http's. For uvnet there is [File].
func Listen(network, addr string) (net.Listener, error) {
	f, err := File(network, addr)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	return ln, nil
}

// File is Listen for whoever makes the listener: uvnet.FileListener(f). The caller closes the file. With network "udp", "udp4" or "udp6"
// it is a socket of datagrams, for uvnet.FilePacketConn.
func File(network, addr string) (*os.File, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix":
	default:
		return nil, fmt.Errorf("reload: listen: %w", net.UnknownNetworkError(network))
	}
	text := network + "://" + addr
	kept.Lock()
	defer kept.Unlock()
	takeOver()
	var s *activation.Socket
	for _, old := range kept.sockets {
		if old.Name == name(text) || old.Text == "" && isAt(old, network, addr) {
			s = old
			s.Text, s.Name = text, name(text)
			break
		}
	}
	if s == nil {
		made, err := activation.Open(context.Background(), text, activation.Options{})
		if err != nil {
			return nil, fmt.Errorf("reload: listen on %s: %w", text, err)
		}
		s = made[0]
		s.Name = name(text)
		kept.sockets = append(kept.sockets, s)
	}
	return s.File()
}

// isAt tells whether a socket that somebody else has made is the one for an address.
func isAt(s *activation.Socket, network, addr string) bool {
	if network == "unix" {
		return s.Addr.Network() == "unix" && s.Addr.String() == addr
	}
	host, port, err := net.SplitHostPort(addr)
	at, err2 := netip.ParseAddrPort(s.Addr.String())
	if err != nil || err2 != nil || s.Addr.Network() != strings.TrimRight(network, "46") || port != strconv.Itoa(int(at.Port())) {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "" && at.Addr().IsUnspecified() || err == nil && ip.Unmap() == at.Addr().Unmap()
}

// name is that of a socket in LISTEN_FDNAMES, which has no colons: by it the next process knows the address for which the
// socket was made, which is not always the one that it has.
func name(text string) string {
	return strings.NewReplacer("%", "%25", ":", "%3a").Replace(text)
}

// takeOver adopts, once, what this process was passed.
func takeOver() {
	if kept.inherited {
		return
	}
	kept.inherited = true
	fds, err := address.Passed("")
	if err != nil {
		return // nothing was passed, or not to us
	}
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for i, fd := range fds {
		text, owned := "", false
		if i < len(names) {
			text, owned = strings.CutSuffix(names[i], ownedMark)
		}
		if s, err := activation.Adopt("", text, fd, owned); err == nil {
			kept.sockets = append(kept.sockets, s)
		}
	}
}

// ownedMark ends the name of a unix socket whose file the last process removes.
const ownedMark = "%own"

// Ready tells the process before that this one serves: it ends then. It tells systemd, too, and package workers. Without any of
// them it does nothing.
func Ready() error {
	kept.Lock()
	takeOver()
	// What the process before has had, and this one does not want, is not to accept connections that nobody serves.
	var want []*activation.Socket
	for _, s := range kept.sockets {
		if s.Text != "" {
			want = append(want, s)
		} else {
			activation.Close([]*activation.Socket{s})
		}
	}
	kept.sockets = want
	kept.Unlock()
	return activation.Ready()
}

// ErrContainer is the error of Do in a process that is PID 1: the container would end with it.
var ErrContainer = errors.New("reload: this process is PID 1, with which its container ends: run it under uvgo workers")

// Do starts the executable of this process, as it is on disk now, with the same arguments, and waits until it has called Ready. When Do returns nil,
// the new process accepts connections: this one should shut its server down and end. If the new process ends before it is ready,
// or ctx does, Do ends it and returns an error; this process then goes on as before. EINVAL for a nil ctx.
//
// The new process shares the standard input, output and error, and has another process ID. Do tells systemd that (MAINPID).
func Do(ctx context.Context) error {
	if ctx == nil {
		return uv.Fail("reload: do", uv.EINVAL)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	return do(ctx, exe)
}

func do(ctx context.Context, exe string) error {
	kept.Lock()
	busy, sockets := kept.running || kept.handed, kept.sockets
	kept.running = !kept.handed
	kept.Unlock()
	if busy {
		return errors.New("reload: another process is starting, or has taken over")
	}
	ok := false
	defer func() {
		kept.Lock()
		kept.running, kept.handed = false, ok
		kept.Unlock()
	}()
	if os.Getpid() == 1 {
		return ErrContainer
	}
	if err := start(ctx, exe, sockets); err != nil {
		return fmt.Errorf("reload: the new process is not ready, this one goes on: %w", err)
	}
	ok = true
	return nil
}

// start starts the new process, and waits until it is ready.
func start(ctx context.Context, exe string, sockets []*activation.Socket) error {
	file, argv := activation.Start(exe, os.Args, false)
	ready, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	cmd := &exec.Cmd{Path: file, Args: argv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	names := make([]string, len(sockets))
	for i, s := range sockets {
		f, err := s.File()
		if err != nil {
			theirs.Close()
			return err
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		if names[i] = s.Name; s.Owned() {
			names[i] += ownedMark
		}
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	extra := []string{fmt.Sprintf("%s=%d:%d", activation.EnvReady, 2+len(cmd.ExtraFiles), os.Getpid())}
	if to := os.Getenv("NOTIFY_SOCKET"); to != "" {
		extra = append(extra, "NOTIFY_SOCKET="+to)
	}
	cmd.Env = activation.Environment(os.Environ(), names, extra...)
	_ = activation.Notify("RELOADING=1") // whoever does not hear it misses nothing
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // it must not become a zombie as long as we are there
	defer context.AfterFunc(ctx, func() { ready.Close() })()
	line, err := bufio.NewReader(io.LimitReader(ready, 64)).ReadString('\n')
	if err == nil && strings.TrimSpace(line) == strconv.Itoa(cmd.Process.Pid) {
		_ = activation.Notify("MAINPID=" + strconv.Itoa(cmd.Process.Pid) + "\nREADY=1")
		return nil
	}
	_ = cmd.Process.Kill() // it may have ended
	how := <-ended
	_ = activation.Notify("READY=1")
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case how == nil:
		return errors.New("it has ended with status 0 before it was ready")
	}
	return how
}

// Close closes the sockets, and removes the files of unix sockets, unless a new process has them. Call it when the program ends without a
// successor.
func Close() {
	kept.Lock()
	defer kept.Unlock()
	for _, s := range kept.sockets {
		if kept.handed {
			s.Disown()
		}
		activation.Close([]*activation.Socket{s})
	}
	kept.sockets = nil
}
