package looptls

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"
)

// A tamperer is a client's connection. It changes one record of those that the client writes.
type tamperer struct {
	*net.TCPConn
	record int                   // which one, from 0 on
	change func(p []byte) []byte // nil only counts
	cuts   bool                  // ends the stream behind the record
	sizes  []int                 // of the records
	buf    []byte
	ended  bool
}

func (m *tamperer) Write(p []byte) (int, error) {
	m.buf = append(m.buf, p...)
	for len(m.buf) >= headerLen {
		size := headerLen + (int(m.buf[3])<<8 | int(m.buf[4]))
		if len(m.buf) < size {
			break
		}
		record := bytes.Clone(m.buf[:size])
		m.buf = m.buf[size:]
		here := len(m.sizes) == m.record && m.change != nil
		m.sizes = append(m.sizes, size)
		if m.ended {
			continue
		}
		if here {
			record = m.change(record)
		}
		_, _ = m.TCPConn.Write(record) // an error shows in what is read
		if here && m.cuts {
			m.ended = true
			_ = m.TCPConn.CloseWrite()
		}
	}
	return len(p), nil
}

// tampered runs a session through a tamperer. The server must end it with an error, and must
// have got nothing that the client did not send. It returns the sizes of the client's records.
func tampered(t *testing.T, server, client *tls.Config, m *tamperer) []int {
	t.Helper()
	a, b := pair(t)
	m.TCPConn = b.(*net.TCPConn)
	l := newLoop(t, a)
	var got []byte
	l.onData = func(p []byte) {
		got = append(got, p...)
		_, _ = l.conn.Write(p)
	}
	l.serve(server)
	c := tls.Client(m, client)
	const said = "hello"
	if err := c.Handshake(); err == nil {
		_, _ = c.Write([]byte(said))
		_, _ = io.ReadFull(c, make([]byte, len(said))) // an error if that was tampered with
	}
	_ = c.CloseWrite()
	b.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, b) // a close with bytes unread would be a reset
	b.Close()
	switch err := l.end(); {
	case m.change == nil && err != io.EOF:
		t.Fatalf("without a change the session ended with %v", err)
	case m.change != nil && (err == nil || err == io.EOF):
		t.Errorf("record %d: the session ended with %v, want an error", m.record, err)
	}
	if !bytes.HasPrefix([]byte(said), got) {
		t.Errorf("record %d: the server got %q", m.record, got)
	}
	return m.sizes
}

// TestEachRecordTamperedWith flips each byte of each record of a session in turn, and puts other
// things in the record's place: the server ends the session with an error at every
// state, and hands nothing out that was not sent.
func TestEachRecordTamperedWith(t *testing.T) {
	eachVersion(t, func(t *testing.T, server, client *tls.Config) {
		server, client = smallConfig(server), smallConfig(client)
		sizes := tampered(t, server, client, &tamperer{})
		if len(sizes) < 5 {
			t.Fatalf("a session of %d records", len(sizes))
		}
		last := len(sizes) - 1
		for i, size := range sizes {
			for at := range size {
				if i == 0 && at == 2 {
					continue // nobody looks at the minor version of the first record
				}
				tampered(t, server, client, &tamperer{record: i, cuts: true, change: func(p []byte) []byte {
					p[at] ^= 0x80
					return p
				}})
			}
			// The client goes on behind these.
			for name, change := range map[string]func(p []byte) []byte{
				"the last byte":    func(p []byte) []byte { p[len(p)-1] ^= 1; return p },
				"HTTP":             func([]byte) []byte { return []byte("GET / HTTP/1.1\r\n\r\n") },
				"application data": func([]byte) []byte { return append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...) },
				"a fatal alert":    func([]byte) []byte { return []byte{21, 3, 3, 0, 2, 2, 40} },
				"too long":         func(p []byte) []byte { return []byte{p[0], 3, 3, 0xff, 0xff} },
				"empty":            func([]byte) []byte { return bytes.Repeat([]byte{22, 3, 3, 0, 0}, 40) },
				"twice":            func(p []byte) []byte { return append(p, p...) },
			} {
				if i == last && name == "twice" {
					continue // what follows close_notify is ignored
				}
				if name == "twice" && i > 0 && sizes[i] == 6 {
					continue // change_cipher_spec, which TLS 1.3 ignores
				}
				t.Run(name, func(t *testing.T) { tampered(t, server, client, &tamperer{record: i, change: change}) })
			}
		}
	})
}
