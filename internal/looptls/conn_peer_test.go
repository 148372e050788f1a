package looptls

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// craft starts a server that echoes, with a peer that writes its records by itself.
func craft(t *testing.T, piece int) (*testLoop, *peer) {
	t.Helper()
	ca := uvtest.NewAuthority(t)
	l, nc := echo(t, ca.ServerConfig(t), piece)
	return l, newPeer(t, nc, ca.ClientConfig())
}

// TestKeyUpdate: the peer changes its keys, and asks for new ones of ours, again and again.
// However the records are split, all bytes arrive under the right keys.
func TestKeyUpdate(t *testing.T) {
	for _, piece := range []int{1, 5, 27, 64 << 10} {
		l, p := craft(t, piece)
		answers := 0
		for i := range 30 {
			p.write(p.sealUpdate(i%3 == 0))
			p.send(typeData, []byte("hello"))
			answers += p.want("hello")
		}
		if answers != 10 {
			t.Errorf("%d updates of the server's keys, want 10", answers)
		}
		// In one segment: the update, data, and another.
		all := p.sealUpdate(true)
		all = append(all, p.seal(typeData, []byte("a"), 100)...)
		all = append(all, p.sealUpdate(true)...)
		all = append(all, p.seal(typeData, []byte("b"), 0)...)
		p.write(all)
		if n := p.want("ab"); n != 2 {
			t.Errorf("%d updates of the server's keys, want 2", n)
		}
		p.send(typeAlert, []byte{alertWarning, 0})
		if err := l.end(); err != io.EOF {
			t.Errorf("ended with %v, want EOF", err)
		}
	}
}

// TestKeyUpdateSplitAtEveryByte cuts an update, and the data behind it, at each byte.
func TestKeyUpdateSplitAtEveryByte(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	a, b := net.Pipe()
	l := newLoop(t, a)
	l.serve(ca.ServerConfig(t))
	s := &splitter{Conn: b}
	p := newPeer(t, s, ca.ClientConfig())
	defer b.Close()
	for at := 1; ; at++ {
		all := append(p.sealUpdate(true), p.seal(typeData, []byte("hello"), 3)...)
		if at >= len(all) {
			break
		}
		s.at = s.written + at
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, err := s.Write(all)
			uvtest.Expect(t, err)
		}()
		if n := p.want("hello"); n != 1 {
			t.Errorf("cut behind %d bytes: %d updates of the server's keys, want 1", at, n)
		}
		<-sent
	}
}

// TestKeyUpdateBehindCloseWrite: the answer cannot be sent any more, and what the peer sends goes
// on arriving.
func TestKeyUpdateBehindCloseWrite(t *testing.T) {
	ca := uvtest.NewAuthority(t)
	a, b := pair(t)
	l := newLoop(t, a)
	var got bytes.Buffer
	l.onOpen = func() { uvtest.Expect(t, l.conn.CloseWrite()) }
	l.onData = func(p []byte) { got.Write(p) }
	l.serve(ca.ServerConfig(t))
	p := newPeer(t, b, ca.ClientConfig())
	if level, what := p.wantAlert(); level != alertWarning || what != 0 {
		t.Errorf("alert %d, %d, want close_notify", level, what)
	}
	for range 3 {
		p.write(p.sealUpdate(true))
		p.send(typeData, []byte("hello"))
	}
	p.send(typeAlert, []byte{alertWarning, 0})
	if err := l.end(); err != io.EOF || got.String() != "hellohellohello" {
		t.Errorf("ended with %v after %q", err, &got)
	}
	if n, err := p.Conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d bytes and %v behind close_notify", n, err)
	}
}

// TestUnusualRecords are within the protocol: records without content, much padding, and content
// of the largest size.
func TestUnusualRecords(t *testing.T) {
	for _, piece := range []int{1, 64 << 10} {
		l, p := craft(t, piece)
		p.write(p.seal(typeData, nil, 0))
		p.write(p.seal(typeData, nil, 1000))
		p.write(p.seal(typeData, []byte("x"), MaxPlaintext-1))
		p.send(typeData, bytes.Repeat([]byte("y"), MaxPlaintext))
		p.want("x" + strings.Repeat("y", MaxPlaintext))
		p.send(typeAlert, []byte{alertWarning, 90}) // user_canceled: close_notify is to follow
		p.send(typeAlert, []byte{alertWarning, 0})
		if err := l.end(); err != io.EOF {
			t.Errorf("ended with %v, want EOF", err)
		}
	}
}

// TestAlertsInMidStream: a fatal alert behind data is an error that names it, and the data before it
// have been handed out.
func TestAlertsInMidStream(t *testing.T) {
	for what, text := range map[byte]string{20: "bad record MAC", 40: "handshake failure", 80: "internal error", 46: "unknown certificate"} {
		for _, piece := range []int{1, 64 << 10} {
			l, p := craft(t, piece)
			p.write(append(p.seal(typeData, []byte("hello"), 0), p.seal(typeAlert, []byte{alertFatal, what}, 0)...))
			p.want("hello")
			if err := l.end(); !isAlert(err) || !strings.Contains(err.Error(), text) {
				t.Errorf("alert %d: ended with %v, want %s", what, err, text)
			}
		}
	}
}

// TestRecordsThatAreRefused: each ends the connection with an alert that the peer gets, behind the
// answer to what came before.
func TestRecordsThatAreRefused(t *testing.T) {
	many := func(p *peer, r func() []byte) (all []byte) {
		for range 40 {
			all = append(all, r()...)
		}
		return all
	}
	for name, refused := range map[string]func(p *peer) []byte{
		"no type":          func(p *peer) []byte { return p.seal(0, nil, 20) },
		"an unknown type":  func(p *peer) []byte { return p.seal(99, []byte("x"), 0) },
		"too much content": func(p *peer) []byte { return p.seal(typeData, make([]byte, MaxPlaintext+1), 0) },
		"a hello":          func(p *peer) []byte { return p.seal(typeHandshake, []byte{1, 0, 0, 1, 0}, 0) },
		"a bad key update": func(p *peer) []byte { return p.seal(typeHandshake, []byte{messageKeyUpdate, 0, 0, 1, 7}, 0) },
		"a ticket":         func(p *peer) []byte { return p.seal(typeHandshake, []byte{messageTicket, 0, 0, 1, 0}, 0) },
		"a long alert":     func(p *peer) []byte { return p.seal(typeAlert, []byte{1, 0, 0}, 0) },
		"old keys": func(p *peer) []byte {
			old := *p.out
			p.sealUpdate(false)
			*p.out = old
			p.out.seq--
			return p.seal(typeData, []byte("x"), 0)
		},
		"a record again":    func(p *peer) []byte { p.out.seq--; return p.seal(typeData, []byte("x"), 0) },
		"many empty ones":   func(p *peer) []byte { return many(p, func() []byte { return p.seal(typeData, nil, 0) }) },
		"many key updates":  func(p *peer) []byte { return many(p, func() []byte { return p.sealUpdate(false) }) },
		"many soft alerts":  func(p *peer) []byte { return many(p, func() []byte { return p.seal(typeAlert, []byte{1, 90}, 0) }) },
		"not encrypted":     func(*peer) []byte { return []byte{typeAlert, 3, 3, 0, 2, alertWarning, 0} },
		"plain application": func(*peer) []byte { return []byte{typeData, 3, 3, 0, 1, 'x'} },
	} {
		for _, piece := range []int{1, 64 << 10} {
			t.Run(name, func(t *testing.T) {
				l, p := craft(t, piece)
				p.send(typeData, []byte("hello"))
				p.want("hello")
				p.write(refused(p))
				if level, _ := p.wantAlert(); level != alertFatal {
					t.Errorf("an alert of level %d", level)
				}
				if err := l.end(); err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("ended with %v, want a protocol error", err)
				}
			})
		}
	}
}
