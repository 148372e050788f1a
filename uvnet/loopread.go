package uvnet

import (
	"errors"
	"io"

	"github.com/uvgo/uvgo/uv"
)

// longChunk is the size of a chunk behind which there is likely more. The loop stops
// reading behind such a chunk, and the reader takes the rest from the kernel itself, since
// what is read ahead is copied twice. If the rest was as long, the loop's next reads are
// short: they only tell that there is more.
const longChunk = 32 << 10

// run starts reading. C function uv_read_start.
func (t *readTask) run() {
	c := (*conn)(t)
	err := c.open()
	if err == nil {
		c.mu.Lock()
		short := c.in.begin()
		c.mu.Unlock()
		if short {
			err = c.life.stream.Base().ReadStartShort(c.onRead)
		} else {
			err = c.life.stream.ReadStart(c.onRead)
		}
	}
	if err != nil {
		c.onRead(nil, err)
	}
}

// onRead gives what was read to the reader who waits, and keeps the rest.
func (c *conn) onRead(p []byte, err error) {
	c.mu.Lock()
	if c.life.state == lifeFlushing {
		c.mu.Unlock()
		if err == nil { // sent to a closed connection, which the kernel answers with a reset, too
			c.closeStream()
		}
		return
	}
	if err != nil {
		c.in.stop()
		// The reader finds an end in the kernel itself. ENOBUFS says that the loop had no
		// space for the bytes: the reader has.
		if err != io.EOF && !errors.Is(err, uv.ENOBUFS) {
			c.in.err = sysError("read", err)
		}
	} else {
		if c.in.long(len(p)) && c.in.stopSoon() {
			c.w.toStop = append(c.w.toStop, c)
		}
		if c.rd.waiting {
			c.in.got = copy(c.in.into, p)
			p = p[c.in.got:]
		}
		if len(p) > 0 {
			before := c.in.ahead.len()
			c.in.ahead = c.in.ahead.add(p)
			if before < readAhead && c.in.ahead.len() >= readAhead {
				c.w.toStop = append(c.w.toStop, c)
			}
		}
	}
	wake := c.rd.endWait()
	if wake {
		c.in.into = nil
	}
	c.wakeFile()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.rd)
	}
}

// stopReading stops reading when the batch has ended, so that all that the stream has read
// is delivered, unless the reader has read what was ahead meanwhile. The reader goes on by
// itself, in the kernel. A start that is under way is left alone: C would carry it out
// behind the stop.
func (c *conn) stopReading() {
	c.mu.Lock()
	if c.life.state != lifeStream || !c.in.stopsNow() {
		c.mu.Unlock()
		return
	}
	_ = c.life.stream.ReadStop() // fails only on a closed stream
	c.in.stop()
	wake := c.rd.endWait()
	c.wakeFile()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.rd)
	}
}
