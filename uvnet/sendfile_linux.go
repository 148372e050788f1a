package uvnet

import "golang.org/x/sys/unix"

// canSendFile tells whether the system sends files by itself.
const canSendFile = true

// sendfile sends up to n bytes from where src stands.
func sendfile(dst, src int, n int64) (int, error) {
	m, err := unix.Sendfile(dst, src, nil, int(n))
	return max(m, 0), err
}
