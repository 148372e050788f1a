package uvtest

import (
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A PTY is a terminal, and the master side, which is the user's. Both are closed when
// the test ends.
type PTY struct {
	*os.File // the terminal
	User     *os.File
	t        testing.TB
}

// NewPTY makes a terminal of 80×24 characters.
func NewPTY(t testing.TB) *PTY {
	t.Helper()
	p := &PTY{t: t}
	p.User = p.open("/dev/ptmx", unix.O_RDWR)
	m := int(p.User.Fd())
	if err := unix.IoctlSetPointerInt(m, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(m, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(m, unix.TIOCSWINSZ, &unix.Winsize{Col: 80, Row: 24}); err != nil {
		t.Fatal(err)
	}
	p.File = p.open(fmt.Sprint("/dev/pts/", n), unix.O_RDWR)
	return p
}

// open opens a terminal in blocking mode. O_NOCTTY keeps it from becoming the test's
// controlling terminal.
func (p *PTY) open(name string, flags int) *os.File {
	p.t.Helper()
	fd, err := unix.Open(name, flags|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	p.t.Cleanup(func() { f.Close() })
	return f
}

// Again opens the terminal once more, with these flags of open.
func (p *PTY) Again(flags int) *os.File {
	p.t.Helper()
	return p.open(p.Name(), flags)
}

// Type sends bytes to the terminal as the user's keys.
func (p *PTY) Type(keys string) {
	p.t.Helper()
	if _, err := p.User.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// Shows expects these bytes next from the terminal.
func (p *PTY) Shows(want string) {
	p.t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(p.User, got); err != nil {
		p.t.Fatal(err)
	}
	if string(got) != want {
		p.t.Errorf("the terminal shows %q, want %q", got, want)
	}
}

// Cooked tells whether the terminal collects lines, echoes and sends signals, as a new
// terminal does.
func (p *PTY) Cooked() bool {
	p.t.Helper()
	s, err := unix.IoctlGetTermios(int(p.Fd()), unix.TCGETS)
	if err != nil {
		p.t.Fatal(err)
	}
	const first = unix.ICANON | unix.ECHO | unix.ISIG
	return s.Lflag&first == first && s.Oflag&unix.OPOST != 0
}
