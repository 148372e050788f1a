package uvloop

import (
	"errors"
	"hash/crc32"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/tests/internal/kit"
	"github.com/uvgo/uvgo/uvnet"
)

func init() {
	suite.Add(kit.Suite{"backpressure": onUvnet(testNetBackpressure)})
}

// testNetBackpressure: writers whose readers have stopped are held up, with no
// more memory than the kernel's buffers and a bounded one of ours, and nothing
// is lost when the readers go on.
func testNetBackpressure(t *testing.T, n *uvnet.Net) {
	const (
		conns = 8
		much  = 256 << 20 // what each would like to write
		bound = 32 << 20  // what one may get rid of: kernels keep up to 10 MiB
	)
	type direction struct {
		from, to net.Conn
		sent     int64
		crc      uint32
	}
	var all []*direction
	for range conns {
		s, c := pairOn(t, n)
		all = append(all, &direction{from: s, to: c})
		// Somebody has waited in vain: now the loop reads from this side.
		uvtest.Check(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err := c.Read(make([]byte, 1))
		uvtest.IsErr(t, "a read of nothing", err, os.ErrDeadlineExceeded)
		uvtest.Check(t, c.SetReadDeadline(time.Time{}))
	}
	before, rss := heap(), uvtest.RSS()
	chunk := make([]byte, 64<<10)
	for i := range chunk {
		chunk[i] = byte(i * 7)
	}
	for _, d := range all {
		for d.sent < much {
			uvtest.Check(t, d.from.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
			k, err := d.from.Write(chunk)
			d.sent += int64(k)
			d.crc = crc32.Update(d.crc, crc32.IEEETable, chunk[:k])
			if err != nil {
				uvtest.IsErr(t, "a write without a reader", err, os.ErrDeadlineExceeded)
				break
			}
		}
		if d.sent > bound {
			t.Errorf("a writer without a reader got rid of %d bytes", d.sent)
		}
	}
	if grown := heap() - before; grown > conns*512<<10 {
		t.Errorf("Go's memory grew by %d bytes for %d unread connections", grown, conns)
	}
	if now := uvtest.RSS(); now > rss+conns*8<<20 {
		t.Errorf("the process grew by %d bytes for %d unread connections", now-rss, conns)
	}
	for _, d := range all {
		uvtest.Check(t, d.from.SetWriteDeadline(time.Time{}))
		closed := inBackground(func() error {
			k, err := d.from.Write(chunk) // blocks no more
			d.sent, d.crc = d.sent+int64(k), crc32.Update(d.crc, crc32.IEEETable, chunk[:k])
			return errors.Join(err, d.from.Close())
		})
		h := crc32.NewIEEE()
		got, err := io.Copy(h, d.to)
		uvtest.Check(t, err)
		uvtest.Check(t, <-closed)
		if got != d.sent || h.Sum32() != d.crc {
			t.Errorf("%d bytes of %d arrived, or others", got, d.sent)
		}
	}
}

// heap is the size of what is reachable; sync.Pools let go at the second
// collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
