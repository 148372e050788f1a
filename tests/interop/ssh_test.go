package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// sshCrossed runs a test with a server and a client of x/crypto/ssh, each on
// uvnet or on package net, and on unix sockets.
func sshCrossed(t *testing.T, rekey uint64, test func(ctx context.Context, t *testing.T, s *sshServer, c *sshClient)) {
	t.Helper()
	for _, network := range []string{"tcp", "unix"} {
		for _, ends := range [][2]stack{{ofUvnet, ofUvnet}, {ofUvnet, ofNet}, {ofNet, ofUvnet}, {ofNet, ofNet}} {
			t.Run(network+"/server="+ends[0].name+",client="+ends[1].name, func(t *testing.T) {
				if network == "unix" && ends[0].name != ends[1].name && testing.Short() {
					t.Skip("mixed ends run on TCP only in -short")
				}
				ctx := bounded(t)
				s := startSSH(t, ends[0], network, rekey)
				c, err := s.client(ctx, ends[1], "secret")
				uvtest.Check(t, err)
				test(ctx, t, s, c)
			})
		}
	}
}

// TestSSHSessions runs commands, several at a time on one connection, and is
// refused with a wrong password.
func TestSSHSessions(t *testing.T) {
	sshCrossed(t, 0, func(ctx context.Context, t *testing.T, s *sshServer, c *sshClient) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				session, err := c.NewSession()
				if err != nil {
					t.Error(err)
					return
				}
				defer session.Close()
				var out, errs bytes.Buffer
				session.Stdout, session.Stderr = &out, &errs
				err = session.Run(fmt.Sprintf("seq 1 20000; echo trouble %d >&2; exit %d", i, i))
				var status *ssh.ExitError
				if i == 0 && err != nil || i > 0 && (!errors.As(err, &status) || status.ExitStatus() != i) {
					t.Errorf("command %d ended with %v", i, err)
				}
				if n := bytes.Count(out.Bytes(), []byte("\n")); n != 20000 || !bytes.HasSuffix(out.Bytes(), []byte("\n20000\n")) {
					t.Errorf("command %d printed %d lines", i, n)
				}
				if want := fmt.Sprintf("trouble %d\n", i); errs.String() != want {
					t.Errorf("command %d complained %q, want %q", i, &errs, want)
				}
			})
		}
		wg.Wait()
		if c, err := s.client(ctx, ofUvnet, "guess"); err == nil {
			c.Close()
			t.Error("a wrong password was accepted")
		}
	})
}

// TestSSHCopy sends megabytes through cat, with keepalive requests in between,
// while the keys are exchanged anew every megabyte.
func TestSSHCopy(t *testing.T) {
	sshCrossed(t, 1<<20, func(_ context.Context, t *testing.T, _ *sshServer, c *sshClient) {
		n := size(24<<20, 8<<20)
		session, err := c.NewSession()
		uvtest.Check(t, err)
		defer session.Close()
		in, err := session.StdinPipe()
		uvtest.Check(t, err)
		out, err := session.StdoutPipe()
		uvtest.Check(t, err)
		uvtest.Check(t, session.Start("cat"))
		var side sync.WaitGroup
		side.Go(func() {
			if _, err := io.Copy(in, newContent(n)); err != nil {
				t.Error(err)
			}
			in.Close()
		})
		side.Go(func() {
			for i := range 100 {
				payload := fmt.Append(nil, i)
				ok, got, err := c.SendRequest("keepalive@openssh.com", true, payload)
				if err != nil || !ok || !bytes.Equal(got, payload) {
					t.Errorf("keepalive %d: %v, %q, %v", i, ok, got, err)
					return
				}
			}
		})
		gotN, got, err := sum(out)
		side.Wait()
		uvtest.Check(t, err)
		wantN, want, _ := sum(newContent(n))
		if gotN != wantN || got != want {
			t.Errorf("%d bytes came back, with checksum %08x, want %d with %08x", gotN, got, wantN, want)
		}
		uvtest.Check(t, session.Wait())
		if k := c.exchanges.Load(); k < int32(n>>20)/2 {
			t.Errorf("the keys were exchanged %d times in %d MiB", k, n>>20)
		}
	})
}

// TestSSHForwarding tunnels connections from the client's side to an echo server
// on the other one, and back.
func TestSSHForwarding(t *testing.T) {
	sshCrossed(t, 0, func(ctx context.Context, t *testing.T, s *sshServer, c *sshClient) {
		t.Run("local", func(t *testing.T) {
			ln, err := s.on.listen("tcp", "127.0.0.1:0")
			uvtest.Check(t, err)
			echoServer(t, ln)
			throughTunnel(t, func() (net.Conn, error) { return c.Dial("tcp", ln.Addr().String()) })
		})
		t.Run("remote", func(t *testing.T) {
			ln, err := c.Listen("tcp", "127.0.0.1:0")
			uvtest.Check(t, err)
			echoServer(t, ln)
			throughTunnel(t, func() (net.Conn, error) { return ofUvnet.dial(ctx, "tcp", ln.Addr().String()) })
		})
		var refused *ssh.OpenChannelError
		if _, err := c.Dial("tcp", uvtest.RefusingTCP(t).String()); !errors.As(err, &refused) {
			t.Errorf("a tunnel to nobody: %v", err)
		}
	})
}

// echoServer echoes on ln until the test ends.
func echoServer(t *testing.T, ln net.Listener) {
	t.Helper()
	var tasks sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		tasks.Wait()
	})
	tasks.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			tasks.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
}

// throughTunnel sends megabytes through some connections at once.
func throughTunnel(t *testing.T, dial func() (net.Conn, error)) {
	t.Helper()
	n := size(1<<20, 1<<18)
	wantN, want, _ := sum(newContent(n))
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			c, err := dial()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			wg.Go(func() {
				if _, err := io.Copy(c, newContent(n)); err != nil {
					t.Error(err)
				}
				if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Error(err)
				}
			})
			if gotN, got, err := sum(c); err != nil || gotN != wantN || got != want {
				t.Errorf("%d bytes came back, with checksum %08x, want %d with %08x: %v", gotN, got, wantN, want, err)
			}
		})
	}
	wg.Wait()
}

// TestSSHDisconnect ends connections under a session that waits, from either
// side and below the protocol.
func TestSSHDisconnect(t *testing.T) {
	for name, end := range map[string]func(s *sshServer, c *sshClient){
		"server":     func(s *sshServer, _ *sshClient) { s.drop() },
		"client":     func(_ *sshServer, c *sshClient) { c.Close() },
		"connection": func(_ *sshServer, c *sshClient) { c.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			sshCrossed(t, 0, func(_ context.Context, t *testing.T, s *sshServer, c *sshClient) {
				session, err := c.NewSession()
				uvtest.Check(t, err)
				in, err := session.StdinPipe()
				uvtest.Check(t, err)
				out, err := session.StdoutPipe()
				uvtest.Check(t, err)
				uvtest.Check(t, session.Start("cat"))
				_, err = in.Write([]byte("x"))
				uvtest.Check(t, err)
				_, err = io.ReadFull(out, make([]byte, 1))
				uvtest.Check(t, err)
				if s.open() != 1 {
					t.Fatalf("%d connections", s.open())
				}
				end(s, c)
				var missing *ssh.ExitMissingError
				if err := session.Wait(); err == nil {
					t.Error("the session ended as if nothing were wrong")
				} else if name == "server" && !errors.As(err, &missing) {
					t.Errorf("the session ended with %v", err)
				}
				if err := c.Wait(); err == nil {
					t.Error("the connection ended without an error")
				}
				if _, err := c.NewSession(); err == nil {
					t.Error("a session on a connection that has ended")
				}
				s.ln.Close()
				s.tasks.Wait() // the server has noticed
				if s.open() != 0 {
					t.Errorf("%d connections are left at the server", s.open())
				}
			})
		})
	}
}
