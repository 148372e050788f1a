package interop

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// An sshServer runs commands, forwards ports and answers requests, on listeners
// and with dials of one stack.
type sshServer struct {
	t     testing.TB
	on    stack
	ln    net.Listener
	key   ssh.Signer
	conf  *ssh.ServerConfig
	tasks sync.WaitGroup

	mu    sync.Mutex
	conns map[*ssh.ServerConn]bool
}

// startSSH serves until the test ends. Both sides exchange keys anew after so
// many bytes; 0 leaves that to the library.
func startSSH(t testing.TB, on stack, network string, rekey uint64) *sshServer {
	t.Helper()
	_, secret, err := ed25519.GenerateKey(rand.Reader)
	uvtest.Check(t, err)
	s := &sshServer{t: t, on: on, conns: make(map[*ssh.ServerConn]bool)}
	s.key, err = ssh.NewSignerFromKey(secret)
	uvtest.Check(t, err)
	s.conf = &ssh.ServerConfig{
		Config: ssh.Config{RekeyThreshold: rekey},
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.User() != "uvgo" || string(password) != "secret" {
				return nil, errors.New("wrong password")
			}
			return nil, nil
		},
	}
	s.conf.AddHostKey(s.key)
	address := "127.0.0.1:0"
	if network == "unix" {
		address = shortDir(t, nil) + "/ssh.sock"
	}
	s.ln, err = on.listen(network, address)
	uvtest.Check(t, err)
	s.tasks.Go(s.accept)
	t.Cleanup(func() {
		s.ln.Close()
		s.drop()
		s.tasks.Wait()
	})
	return s
}

func (s *sshServer) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.tasks.Go(func() { s.serve(c) })
	}
}

// drop closes all connections.
func (s *sshServer) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// open is how many connections there are.
func (s *sshServer) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *sshServer) serve(c net.Conn) {
	defer c.Close()
	conn, channels, requests, err := ssh.NewServerConn(c, s.conf)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.conns[conn] = true
	s.mu.Unlock()
	s.tasks.Go(func() { s.global(conn, requests) })
	var open sync.WaitGroup
	for ch := range channels {
		switch ch.ChannelType() {
		case "session":
			open.Go(func() { s.session(ch) })
		case "direct-tcpip":
			open.Go(func() { s.forward(ch) })
		default:
			_ = ch.Reject(ssh.UnknownChannelType, ch.ChannelType())
		}
	}
	open.Wait()
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
}

// session runs one command: cat, or what the shell makes of it.
func (s *sshServer) session(n ssh.NewChannel) {
	ch, requests, err := n.Accept()
	if err != nil {
		return
	}
	defer ch.Close()
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		var command struct{ Line string }
		if ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		go ssh.DiscardRequests(requests)
		status := uint32(0)
		if command.Line == "cat" {
			if _, err := io.Copy(ch, ch); err != nil {
				status = 1
			}
		} else {
			cmd := exec.Command("sh", "-c", command.Line)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, ch, ch.Stderr()
			_ = cmd.Run()
			status = uint32(cmd.ProcessState.ExitCode())
		}
		_ = ch.CloseWrite()
		_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		return
	}
}

// forward connects to where the client wants to (RFC 4254, 7.2).
func (s *sshServer) forward(n ssh.NewChannel) {
	var to struct {
		Host     string
		Port     uint32
		FromHost string
		FromPort uint32
	}
	if err := ssh.Unmarshal(n.ExtraData(), &to); err != nil {
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	target, err := s.on.dial(context.Background(), "tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	ch, requests, err := n.Accept()
	if err != nil {
		target.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	join(target, ch)
}

// join copies both ways until both have ended.
func join(a net.Conn, b ssh.Channel) {
	defer a.Close()
	defer b.Close()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(b, a)
		_ = b.CloseWrite()
	})
	both.Go(func() {
		_, _ = io.Copy(a, b)
		if w, ok := a.(interface{ CloseWrite() error }); ok {
			_ = w.CloseWrite()
		}
	})
	both.Wait()
}

// global answers a connection's own requests: keepalive, and to listen for the
// client (RFC 4254, 7.1).
func (s *sshServer) global(conn *ssh.ServerConn, requests <-chan *ssh.Request) {
	var listeners []net.Listener
	for r := range requests {
		switch r.Type {
		case "keepalive@openssh.com":
			_ = r.Reply(true, r.Payload)
		case "tcpip-forward":
			var at struct {
				Host string
				Port uint32
			}
			err := ssh.Unmarshal(r.Payload, &at)
			var ln net.Listener
			if err == nil {
				ln, err = s.on.listen("tcp", net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port))))
			}
			if err != nil {
				_ = r.Reply(false, nil)
				continue
			}
			listeners = append(listeners, ln)
			port := uint32(ln.Addr().(*net.TCPAddr).Port)
			s.tasks.Go(func() { s.remote(conn, ln, at.Host, port) })
			_ = r.Reply(true, ssh.Marshal(struct{ Port uint32 }{port}))
		case "cancel-tcpip-forward":
			for _, ln := range listeners {
				ln.Close()
			}
			_ = r.Reply(true, nil)
		default:
			_ = r.Reply(false, nil)
		}
	}
	for _, ln := range listeners {
		ln.Close()
	}
}

// remote gives what connects to ln to the client.
func (s *sshServer) remote(conn *ssh.ServerConn, ln net.Listener, host string, port uint32) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		from := c.RemoteAddr().(*net.TCPAddr)
		s.tasks.Go(func() {
			ch, requests, err := conn.OpenChannel("forwarded-tcpip", ssh.Marshal(struct {
				Host     string
				Port     uint32
				FromHost string
				FromPort uint32
			}{host, port, from.IP.String(), uint32(from.Port)}))
			if err != nil {
				c.Close()
				return
			}
			go ssh.DiscardRequests(requests)
			join(c, ch)
		})
	}
}

// An sshClient counts the key exchanges of its connection.
type sshClient struct {
	*ssh.Client
	conn      net.Conn
	exchanges atomic.Int32
}

// client connects through a stack until the test ends.
func (s *sshServer) client(ctx context.Context, via stack, password string) (*sshClient, error) {
	s.t.Helper()
	c, err := via.dial(ctx, s.ln.Addr().Network(), s.ln.Addr().String())
	uvtest.Check(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	client := &sshClient{conn: c}
	known := ssh.FixedHostKey(s.key.PublicKey())
	conn, channels, requests, err := ssh.NewClientConn(c, "localhost", &ssh.ClientConfig{
		Config: ssh.Config{RekeyThreshold: s.conf.RekeyThreshold},
		User:   "uvgo",
		Auth:   []ssh.AuthMethod{ssh.Password(password)},
		HostKeyCallback: func(host string, addr net.Addr, key ssh.PublicKey) error {
			client.exchanges.Add(1) // each exchange proves the server's key
			return known(host, addr, key)
		},
	})
	if err != nil {
		return nil, err
	}
	client.Client = ssh.NewClient(conn, channels, requests)
	return client, nil
}
