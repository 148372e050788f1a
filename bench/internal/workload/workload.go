package workload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// Book lists all peers and workloads, in the order of the page.
func Book() *book.Book {
	return &book.Book{Peers: peers(), Workloads: slices.Concat(
		echoes(), streams(), datagrams(), sealed(), pages(), loops(), memories(),
	)}
}

// sizeTitle and connsTitle write numbers as the page has them.
func sizeTitle(size int) string {
	if size >= 1<<10 {
		return strconv.Itoa(size>>10) + " KiB"
	}
	return strconv.Itoa(size) + " B"
}

func connsTitle(conns int) string {
	if conns == 1 {
		return "1 connection"
	}
	s := strconv.Itoa(conns)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s + " connections"
}

// sizeName is sizeTitle as names have it.
func sizeName(size int) string { return strings.ReplaceAll(sizeTitle(size), " ", "") }

// spare is how many descriptors a process needs beside its connections.
const spare = 64

// descriptors returns an error if the limit of open files allows no process so many connections.
func descriptors(conns int) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if uint64(conns+spare) > l.Max {
		return fmt.Errorf("%d connections need more open files than the hard limit of %d: raise it (ulimit -Hn)", conns, l.Max)
	}
	return nil
}
