package uvnet

import "golang.org/x/sys/unix"

// run writes the piece. C function uv_write.
func (t *writeTask) run() {
	c := (*conn)(t)
	err := c.open()
	c.mu.Lock()
	b := c.out.piece
	c.out.piece = nil
	c.mu.Unlock()
	if err == nil {
		err = c.life.stream.WriteFunc(c.onWritten, b.b) // small: copied
	}
	b.free()
	if err != nil {
		c.onWritten(err)
	}
}

// onWritten runs when the kernel has taken the piece, or refused it.
func (c *conn) onWritten(err error) {
	if err != nil {
		err = sysError("write", err)
	}
	c.mu.Lock()
	state := c.life.state
	if c.out.finish(err) && (state == lifeStream || state == lifeFlushing) {
		_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	}
	wake := c.wr.endWait()
	c.wakeFile()
	c.mu.Unlock()
	if wake {
		c.w.wake(&c.wr)
	}
	if state == lifeFlushing {
		c.closeStream()
	}
}
