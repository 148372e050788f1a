package server

import "golang.org/x/sys/unix"

// Unread returns how many connections a server has, and how many bytes the kernel has for them
// that it has not read. It waits for the server's loops.
func Unread(s *Server) (conns, bytes int) {
	for _, w := range s.workers {
		done := make(chan struct{})
		if w.loop.Post(func() {
			defer close(done)
			for _, c := range w.openConns() {
				if fd, err := c.stream.FD(); err == nil {
					n, _ := unix.IoctlGetInt(fd, unix.TIOCINQ)
					conns++
					bytes += n
				}
			}
		}) == nil {
			<-done
		}
	}
	return conns, bytes
}
