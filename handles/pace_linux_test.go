package handles_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestLargeMessagesMakeShortTurns: a turn reads only as many messages of 16 KiB as the
// cache holds, but many small messages, and all bulk data. Every stream is read.
func TestLargeMessagesMakeShortTurns(t *testing.T) {
	const streams = 100
	l := looptest.New(t, uvgo.WithParking(uvgo.ParkThread)) // ParkGoroutine has a lower limit of its own
	var peers []*os.File
	var in []*handles.Pipe
	read := map[int]int{} // bytes, by stream
	for i := range streams {
		mine, peer, err := handles.SocketPair(unix.SOCK_STREAM, 0, handles.NonblockFirst)
		uvtest.Check(t, err)
		defer mine.Close()
		defer peer.Close()
		uvtest.Check(t, unix.SetsockoptInt(int(peer.Fd()), unix.SOL_SOCKET, unix.SO_SNDBUF, 1<<20))
		p := uvtest.Must(l.NewPipe())
		uvtest.Check(t, p.Open(mine.Fd()))
		uvtest.Check(t, p.ReadStart(func(b []byte, err error) {
			uvtest.Check(t, err)
			read[i] += len(b)
		}))
		peers, in = append(peers, peer), append(in, p)
	}
	// round sends size bytes on every stream and returns how many streams each
	// turn served until all had arrived.
	round := func(size int) (served []int) {
		msg, total := make([]byte, size), 0
		for _, p := range peers {
			uvtest.Must(p.Write(msg))
		}
		for total < streams*size {
			clear(read)
			looptest.Turn(t, l, 1)
			for _, n := range read {
				total += n
			}
			served = append(served, len(read))
		}
		return served
	}
	const large, most = 16 << 10, 512 << 10
	round(large)
	for _, n := range round(large) { // the loop learned the messages' size in an earlier round
		if n > most/large {
			t.Errorf("a turn took %d messages of %d bytes, want at most %d", n, large, most/large)
		}
	}
	round(1)
	if got := round(1); got[0] != streams {
		t.Errorf("with small messages turns took %d", got)
	}
	round(large)
	round(64 << 10)
	if got := round(64 << 10); got[0] != streams {
		t.Errorf("with bulk data turns took %d", got)
	}
	for _, p := range in {
		uvtest.CloseAll(t, p)
	}
}
