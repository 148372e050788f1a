package looptls

import (
	"net"
	"os"
	"time"
)

// wire is a Conn as the net.Conn below its tls.Conn.
type wire Conn

var _ net.Conn = (*wire)(nil)

// wouldBlock is the error of a read that has nothing to return now. crypto/tls keeps an
// error unless it is a net.Error that is temporary.
type wouldBlock struct{}

func (wouldBlock) Error() string   { return "tls: no more input now" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }
func (wouldBlock) Unwrap() error   { return os.ErrDeadlineExceeded }

var errWouldBlock net.Error = wouldBlock{}

// Read returns bytes of one record at most.
func (w *wire) Read(p []byte) (int, error) {
	if w.below != nil {
		return w.below.Read(p)
	}
	if w.hs != nil {
		return w.hs.read(p)
	}
	if len(w.src) == 0 {
		return 0, errWouldBlock
	}
	n := w.cut.take(p, w.src)
	w.src = w.src[n:]
	return n, nil
}

// Write hands over what crypto/tls has written: to the loop, or to the handshake, which
// collects it. After close_notify it drops what crypto/tls writes by itself, such as
// the answer to a key update: an error would make crypto/tls lose the peer's keys.
func (w *wire) Write(p []byte) (int, error) {
	if w.below != nil && !w.writeEnded {
		return w.below.Write(p)
	}
	if w.hs != nil {
		return w.hs.write(p)
	}
	if w.writeEnded {
		return len(p), nil
	}
	if err := w.host.WriteRecord(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends a handshake whose context has ended. On the loop crypto/tls calls it for nothing else.
func (w *wire) Close() error {
	if w.below != nil {
		return w.below.Close()
	}
	if h := w.hs; h != nil {
		h.end(net.ErrClosed)
	}
	return nil
}

func (w *wire) LocalAddr() net.Addr {
	if w.below != nil {
		return w.below.LocalAddr()
	}
	return w.host.LocalAddr()
}

func (w *wire) RemoteAddr() net.Addr {
	if w.below != nil {
		return w.below.RemoteAddr()
	}
	return w.host.RemoteAddr()
}

// Deadlines on the loop are the host's.

func (w *wire) SetDeadline(t time.Time) error {
	if w.below != nil {
		return w.below.SetDeadline(t)
	}
	return nil
}

func (w *wire) SetReadDeadline(t time.Time) error {
	if w.below != nil {
		return w.below.SetReadDeadline(t)
	}
	return nil
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	if w.below != nil {
		return w.below.SetWriteDeadline(t)
	}
	return nil
}

// headerLen is the length of a record's header: type, version, length of what follows.
const headerLen = 5

// A cutter hands a stream to crypto/tls record by record. crypto/tls reads as much as its
// buffer takes, and makes the buffer larger when the next record does not fit behind what is
// left. If it gets one record at a time, nothing is left. Its buffer, which an idle
// connection keeps, then grows to its largest record and no further.
type cutter struct {
	head [headerLen]byte
	n    uint8 // how many bytes of head have been handed out; headerLen: left is known
	left int   // bytes of the record after its header that are still to come
}

// take copies to p what src has of the current record.
func (k *cutter) take(p, src []byte) int {
	n := 0
	if k.n < headerLen {
		n = copy(k.head[k.n:], src)
		n = copy(p, src[:n])
		if k.n += uint8(n); k.n < headerLen {
			return n
		}
		k.left = int(k.head[3])<<8 | int(k.head[4])
	}
	body := src[n:]
	m := copy(p[n:], body[:min(len(body), k.left)])
	if k.left -= m; k.left == 0 {
		k.n = 0
	}
	return n + m
}
