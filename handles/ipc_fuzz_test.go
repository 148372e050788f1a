package handles_test

import (
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// FuzzIPC sends messages with descriptors, while the reader stops, starts, accepts
// descriptors or leaves them. In all cases messages come in order, each with its own
// descriptors, and no descriptor is left open.
func FuzzIPC(f *testing.F) {
	f.Add([]byte{1, 7, 7, 2, 3, 1, 7, 4, 7, 7, 5, 7, 9, 7})
	f.Add([]byte{1, 0, 2, 8, 4, 8, 4, 8, 4, 7, 7, 7, 10, 11, 1, 1, 7, 7, 9})
	f.Add([]byte{2, 2, 2, 2, 7, 11, 7, 7, 4, 7, 7, 3, 12, 7, 4, 7})
	f.Add([]byte{13, 13, 13, 13, 13, 13, 7, 7, 7, 7, 7, 7, 7, 4, 7, 6, 4, 7, 7, 9, 7, 7})
	f.Fuzz(func(t *testing.T, ops []byte) {
		newIPCModel(t).run(ops[:min(len(ops), 200)])
	})
}

// ipcModel is what a reader may expect of the messages that were sent.
type ipcModel struct {
	t       *testing.T
	l       *uvgo.Loop
	p       *handles.Pipe
	peer    *os.File
	tokens  [4]*token
	inodes  [4]uint64
	sent    [][]int // the tokens of each message
	read    int     // messages delivered
	pending []int   // tokens that should be pending
	started bool
	ended   bool
	accepts bool // in the callback
	stops   bool
}

func newIPCModel(t *testing.T) *ipcModel {
	m := &ipcModel{t: t, l: looptest.New(t)}
	a, b, err := handles.SocketPair(unix.SOCK_STREAM, 0)
	uvtest.Check(t, err)
	m.p, m.peer = uvtest.Must(m.l.NewPipe(handles.IPC)), b
	uvtest.Check(t, m.p.Open(a.Fd()))
	uvtest.Check(t, a.Close())
	for i := range m.tokens {
		m.tokens[i] = newToken(t)
		m.inodes[i] = inode(t, m.tokens[i].File)
	}
	return m
}

// inode returns the file's inode number, which all duplicates of a descriptor share.
func inode(t testing.TB, f *os.File) uint64 {
	t.Helper()
	var st unix.Stat_t
	uvtest.Check(t, unix.Fstat(int(f.Fd()), &st))
	return st.Ino
}

func (m *ipcModel) send(n int) {
	if m.peer == nil {
		return
	}
	var tokens, fds []int
	for i := range n {
		k := (len(m.sent) + i) % len(m.tokens)
		tokens = append(tokens, k)
		fds = append(fds, int(m.tokens[k].Fd()))
	}
	err := unix.Sendmsg(int(m.peer.Fd()), []byte{byte(len(m.sent))}, unix.UnixRights(fds...), nil, unix.MSG_DONTWAIT)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ETOOMANYREFS) {
		return // more descriptors than the kernel passes at once
	}
	uvtest.Check(m.t, err)
	m.sent = append(m.sent, tokens)
}

func (m *ipcModel) start() {
	if !m.started && !m.ended {
		m.started = true
		uvtest.Check(m.t, m.p.ReadStart(m.onRead))
	}
}

func (m *ipcModel) stop() {
	m.started = false
	uvtest.Check(m.t, m.p.ReadStop())
}

func (m *ipcModel) onRead(p []byte, err error) {
	if !m.started {
		m.t.Fatal("a callback after ReadStop")
	}
	if err != nil {
		m.started = false
		switch crowded := len(m.pending) > 256; {
		case errors.Is(err, io.EOF) && m.peer == nil && m.read == len(m.sent) && !crowded:
			m.ended = true
		case errors.Is(err, unix.EMFILE) && crowded:
		default:
			m.t.Fatalf("%v after %d of %d messages with %d pending", err, m.read, len(m.sent), len(m.pending))
		}
		return
	}
	for _, id := range p {
		if id != byte(m.read) {
			m.t.Fatalf("message %d is %d", m.read, id)
		}
		m.pending = append(m.pending, m.sent[m.read]...)
		m.read++
	}
	m.compare()
	if m.accepts {
		m.accept(len(m.pending))
	}
	if m.stops {
		m.stop()
	}
}

func (m *ipcModel) compare() {
	m.t.Helper()
	if n := m.p.PendingCount(); n != len(m.pending) {
		m.t.Fatalf("%d descriptors are pending, should be %d", n, len(m.pending))
	}
}

func (m *ipcModel) accept(n int) {
	for ; n > 0 && len(m.pending) > 0; n-- {
		f := uvtest.Must(m.p.AcceptFile())
		if inode(m.t, f) != m.inodes[m.pending[0]] {
			m.t.Fatal("descriptors come out of order")
		}
		uvtest.Check(m.t, f.Close())
		m.pending = m.pending[1:]
	}
	m.compare()
}

func (m *ipcModel) run(ops []byte) {
	m.start()
	for _, op := range ops {
		switch op % 14 {
		case 0, 1, 2:
			m.send(int(op % 14))
		case 3:
			m.stop()
		case 4:
			m.start()
		case 5:
			m.accept(1)
		case 6:
			m.accept(len(m.pending))
		case 8:
			uvtest.Check(m.t, m.l.Post(m.stop)) // between C's read and its event
			fallthrough
		case 7:
			looptest.Turn(m.t, m.l, 1)
		case 9:
			if m.peer != nil {
				uvtest.Check(m.t, m.peer.Close())
				m.peer = nil
			}
		case 10:
			m.accepts = true
		case 11:
			m.accepts = false
		case 12:
			m.stops = !m.stops
		case 13:
			m.send(60)
		}
		m.compare()
	}
	uvtest.CloseAll(m.t, m.p)
	if m.peer != nil {
		uvtest.Check(m.t, m.peer.Close())
	}
	looptest.Run(m.t, m.l)
	for _, k := range m.tokens {
		uvtest.Check(m.t, k.Close())
		k.wantGone(m.t)
	}
}
