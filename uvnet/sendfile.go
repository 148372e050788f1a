package uvnet

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sendFile sends up to left bytes of a regular file from its offset. handled is false if it
// is no regular file, and if sendfile cannot begin: then Read and Write find the reason, as
// by package net.
func (c *conn) sendFile(file syscall.RawConn, left int64) (n int64, handled bool, err error) {
	if !canSendFile || !isRegular(file) {
		return 0, false, nil
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.acquire() != nil {
		return 0, false, nil
	}
	defer c.release()
	if c.check(&c.wr) != nil || c.mayBlock() { // sendfile might block
		return 0, false, nil
	}
	for left > 0 {
		if err := c.mayWrite(); err != nil {
			return n, true, err
		}
		var m int
		if rerr := file.Read(func(src uintptr) bool {
			m, err = sendfile(c.fd, int(src), min(left, 4<<20))
			return true
		}); rerr != nil {
			return n, true, rerr
		}
		moved.sent.Add(int64(m))
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN && c.unassisted():
			if err := c.pollWait(&c.wr); err != nil {
				return n, true, err
			}
			continue
		case err == unix.EAGAIN:
			if m, err = c.sendPiece(file, left); err != nil {
				return n, true, err
			}
		case n == 0 && (err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP):
			return 0, false, nil
		case err != nil:
			return n, true, os.NewSyscallError("sendfile", err)
		}
		if m == 0 { // the file's end; or a file in /proc, of which the kernel sends nothing
			return n, n != 0, c.awaitSent()
		}
		n += int64(m)
		left -= int64(m)
	}
	return n, true, c.awaitSent()
}

// isRegular tells whether the descriptor is a regular file's.
func isRegular(file syscall.RawConn) bool {
	var st unix.Stat_t
	var err error
	if cerr := file.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &st) }); cerr != nil || err != nil {
		return false
	}
	return st.Mode&unix.S_IFMT == unix.S_IFREG
}

// sendPiece gives the loop a piece of the file to write: see pieceSize.
func (c *conn) sendPiece(file syscall.RawConn, left int64) (n int, err error) {
	b := newBuffer(pieceSize)
	defer b.free()
	if rerr := file.Read(func(fd uintptr) bool {
		n, err = unix.Read(int(fd), b.b[:min(left, pieceSize)])
		return err != unix.EINTR
	}); rerr != nil {
		return 0, rerr
	}
	if n = max(n, 0); err != nil {
		return 0, os.NewSyscallError("read", err)
	}
	if n > 0 && !c.submit(b.b[:n]) {
		return 0, errLoopClosed
	}
	return n, nil
}
