package looptls

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A peer is a client of TLS 1.3 that writes and reads records by itself, once crypto/tls has done
// the handshake. So it can send what crypto/tls never does.
type peer struct {
	net.Conn
	t       testing.TB
	in, out *keys
}

// keys are those of one direction: RFC 8446, section 7.
type keys struct {
	t      testing.TB
	hash   func() hash.Hash
	keyLen int
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

// newPeer shakes hands over nc.
func newPeer(t testing.TB, nc net.Conn, config *tls.Config) *peer {
	t.Helper()
	var log bytes.Buffer
	config = config.Clone()
	config.MinVersion, config.KeyLogWriter = tls.VersionTLS13, &log
	c := tls.Client(nc, config)
	uvtest.Check(t, c.Handshake())
	p := &peer{Conn: nc, t: t}
	for line := range strings.Lines(log.String()) {
		f := strings.Fields(line)
		k := &keys{t: t, hash: sha256.New, keyLen: 16}
		switch c.ConnectionState().CipherSuite {
		case tls.TLS_AES_128_GCM_SHA256:
		case tls.TLS_AES_256_GCM_SHA384:
			k.hash, k.keyLen = sha512.New384, 32
		default:
			t.Skip("crypto/tls chooses ChaCha20 on this processor, which the standard library does not export")
		}
		switch f[0] {
		case "CLIENT_TRAFFIC_SECRET_0":
			p.out = k
		case "SERVER_TRAFFIC_SECRET_0":
			p.in = k
		default:
			continue
		}
		k.use(uvtest.Must(hex.DecodeString(f[2])))
	}
	return p
}

// use begins with a secret.
func (k *keys) use(secret []byte) {
	k.secret, k.seq = secret, 0
	block := uvtest.Must(aes.NewCipher(k.expand("key", k.keyLen)))
	k.aead = uvtest.Must(cipher.NewGCM(block))
	k.iv = k.expand("iv", k.aead.NonceSize())
}

// update goes on with the next secret.
func (k *keys) update() { k.use(k.expand("traffic upd", k.hash().Size())) }

// expand is HKDF-Expand-Label.
func (k *keys) expand(label string, n int) []byte {
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(info, byte(len("tls13 ")+len(label)))
	info = append(append(info, "tls13 "+label...), 0)
	return uvtest.Must(hkdf.Expand(k.hash, k.secret, string(info), n))
}

func (k *keys) nonce() []byte {
	n := bytes.Clone(k.iv)
	for i := range 8 {
		n[len(n)-1-i] ^= byte(k.seq >> (8 * i))
	}
	k.seq++
	return n
}

// Types of records, and of messages in them.
const (
	typeAlert, typeHandshake, typeData = 21, 22, 23
	messageTicket, messageKeyUpdate    = 4, 24
	alertWarning, alertFatal           = 1, 2
)

// seal makes a record, with pad zeros behind its content.
func (p *peer) seal(typ byte, content []byte, pad int) []byte {
	inner := append(append(bytes.Clone(content), typ), make([]byte, pad)...)
	head := []byte{typeData, 3, 3, 0, 0}
	binary.BigEndian.PutUint16(head[3:], uint16(len(inner)+p.out.aead.Overhead()))
	return p.out.aead.Seal(head, p.out.nonce(), inner, head)
}

// send writes a record.
func (p *peer) send(typ byte, content []byte) { p.write(p.seal(typ, content, 0)) }

// write sends what may be several records, or a part of one.
func (p *peer) write(b []byte) {
	p.t.Helper()
	_, err := p.Conn.Write(b)
	uvtest.Check(p.t, err)
}

// sealUpdate makes a KeyUpdate. The next record has new keys.
func (p *peer) sealUpdate(answer bool) []byte {
	msg := []byte{messageKeyUpdate, 0, 0, 1, 0}
	if answer {
		msg[4] = 1
	}
	r := p.seal(typeHandshake, msg, 0)
	p.out.update()
	return r
}

// record reads a record. It leaves tickets out.
func (p *peer) record() (typ byte, content []byte) {
	p.t.Helper()
	for {
		head := make([]byte, headerLen)
		_, err := io.ReadFull(p, head)
		uvtest.Check(p.t, err)
		body := make([]byte, binary.BigEndian.Uint16(head[3:]))
		_, err = io.ReadFull(p, body)
		uvtest.Check(p.t, err)
		inner, err := p.in.aead.Open(nil, p.in.nonce(), body, head)
		uvtest.Check(p.t, err)
		inner = bytes.TrimRight(inner, "\x00")
		typ, content = inner[len(inner)-1], inner[:len(inner)-1]
		if typ != typeHandshake || content[0] != messageTicket {
			return typ, content
		}
	}
}

// want reads application data until it has all of s. It takes KeyUpdates, and returns how many
// there were.
func (p *peer) want(s string) (updates int) {
	p.t.Helper()
	got := ""
	for len(got) < len(s) {
		switch typ, content := p.record(); {
		case typ == typeData:
			got += string(content)
		case typ == typeHandshake && content[0] == messageKeyUpdate && content[4] == 0:
			updates++
			p.in.update()
		default:
			p.t.Fatalf("a record of type %d: %v", typ, content)
		}
	}
	if got != s {
		p.t.Fatalf("got %q, want %q", got, s)
	}
	return updates
}

// wantAlert reads until an alert.
func (p *peer) wantAlert() (level, description byte) {
	p.t.Helper()
	for {
		if typ, content := p.record(); typ == typeAlert {
			return content[0], content[1]
		}
	}
}
