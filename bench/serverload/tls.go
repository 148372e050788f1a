package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Of a TLS record.
const (
	headerSize      = 5
	typeHandshake   = 22 // a session ticket
	typeApplication = 23
)

// sealed is an exchange on a connection of TLS 1.3 on which crypto/tls made the handshake. From then on it
// seals and opens the records by itself: crypto/tls would use more CPU time than the server.
type sealed struct {
	exchange
	seal, open half
	out        []byte
	in         []byte // the beginning of a record
}

// A half is one direction's key.
type half struct {
	cipher.AEAD
	iv    [12]byte
	nonce [12]byte
	seq   uint64
}

// overTLS makes the exchanges that make makes on connections of TLS.
func overTLS(make func(fd, id int) (exchange, error)) func(fd, id int) (exchange, error) {
	return func(fd, id int) (exchange, error) {
		var keys bytes.Buffer
		c := tls.Client(&socket{fd: fd}, &tls.Config{
			InsecureSkipVerify: true, // the server's certificate is one of its own
			MinVersion:         tls.VersionTLS13,
			KeyLogWriter:       &keys,
		})
		if err := c.Handshake(); err != nil {
			return nil, err
		}
		if s := c.ConnectionState().CipherSuite; s != tls.TLS_AES_128_GCM_SHA256 {
			return nil, fmt.Errorf("%s was agreed on, which serverload does not know: a CPU without AES", tls.CipherSuiteName(s))
		}
		inside, err := make(fd, id)
		t := &sealed{exchange: inside}
		return t, errors.Join(err, t.seal.init(keys.Bytes(), "CLIENT_TRAFFIC_SECRET_0"), t.open.init(keys.Bytes(), "SERVER_TRAFFIC_SECRET_0"))
	}
}

// init derives the key from a line of the key log.
func (h *half) init(log []byte, label string) error {
	for line := range bytes.Lines(log) {
		f := bytes.Fields(line)
		if len(f) != 3 || string(f[0]) != label {
			continue
		}
		secret, err := hex.DecodeString(string(f[2]))
		if err != nil {
			return err
		}
		key, err := expand(secret, "key", 16)
		if err != nil {
			return err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		if h.AEAD, err = cipher.NewGCM(block); err != nil {
			return err
		}
		iv, err := expand(secret, "iv", len(h.iv))
		copy(h.iv[:], iv)
		return err
	}
	return fmt.Errorf("no %s in the key log", label)
}

// expand is HKDF-Expand-Label of RFC 8446, section 7.1, without a context.
func expand(secret []byte, label string, n int) ([]byte, error) {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(info, byte(len(label)))
	info = append(append(info, label...), 0)
	return hkdf.Expand(func() hash.Hash { return sha256.New() }, secret, string(info), n)
}

// next returns the nonce of the next record.
func (h *half) next() []byte {
	h.nonce = h.iv
	binary.BigEndian.PutUint64(h.nonce[4:], binary.BigEndian.Uint64(h.iv[4:])^h.seq)
	h.seq++
	return h.nonce[:]
}

// request puts the request into one record.
func (t *sealed) request() []byte {
	p := t.exchange.request()
	n := len(p) + 1 + t.seal.Overhead()
	t.out = append(t.out[:0], typeApplication, 3, 3, byte(n>>8), byte(n))
	t.out = append(append(t.out, p...), typeApplication)
	t.out = t.seal.Seal(t.out[:headerSize], t.seal.next(), t.out[headerSize:], t.out[:headerSize])
	return t.out
}

func (t *sealed) reply(p []byte) (done bool, err error) {
	if len(t.in) > 0 {
		t.in = append(t.in, p...)
		p = t.in
	}
	for len(p) >= headerSize {
		n := headerSize + int(binary.BigEndian.Uint16(p[3:]))
		if len(p) < n {
			break
		}
		if done, err = t.record(p[:headerSize], p[headerSize:n], done); err != nil {
			return false, err
		}
		p = p[n:]
	}
	t.in = append(t.in[:0], p...)
	return done && len(t.in) == 0, nil
}

// record opens one record in place, and hands what is in it on. done tells whether the reply was whole before.
func (t *sealed) record(header, body []byte, done bool) (bool, error) {
	p, err := t.open.Open(body[:0], t.open.next(), body, header)
	if err != nil || len(p) == 0 {
		return false, fmt.Errorf("a record of %d bytes, after %d: %w", len(body), t.open.seq, err)
	}
	switch kind := p[len(p)-1]; kind {
	case typeHandshake:
		return done, nil
	case typeApplication:
		return t.exchange.reply(p[:len(p)-1])
	default:
		return false, fmt.Errorf("a record of type %d: % x", kind, p)
	}
}

// A socket is the connection as crypto/tls sees it. Read returns bytes of one record only, so
// that crypto/tls reads nothing that comes behind the handshake.
type socket struct {
	fd     int
	header []byte
	left   int // bytes of the record that are to be read
}

var _ net.Conn = (*socket)(nil)

func (s *socket) Read(p []byte) (int, error) {
	if s.left == 0 {
		p = p[:min(len(p), headerSize-len(s.header))]
	} else {
		p = p[:min(len(p), s.left)]
	}
	n, err := unix.Read(s.fd, p)
	for err == unix.EINTR {
		n, err = unix.Read(s.fd, p)
	}
	switch {
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	case s.left > 0:
		s.left -= n
		return n, nil
	}
	if s.header = append(s.header, p[:n]...); len(s.header) == headerSize {
		s.left = int(binary.BigEndian.Uint16(s.header[3:]))
		s.header = s.header[:0]
	}
	return n, nil
}

func (s *socket) Write(p []byte) (int, error) {
	n, err := unix.Write(s.fd, p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return max(n, 0), err
}

func (s *socket) Close() error                     { return nil }
func (s *socket) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *socket) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *socket) SetDeadline(time.Time) error      { return nil }
func (s *socket) SetReadDeadline(time.Time) error  { return nil }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
