package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A console is the standard output. On a terminal the last line is a status line, which
// is rewritten in place. Any goroutine may use a console.
type console struct {
	mu       sync.Mutex
	terminal bool
	shown    bool // the status line is on the screen
}

func newConsole() *console {
	_, err := width(os.Stdout)
	return &console{terminal: err == nil}
}

// width returns how many columns a terminal has, and fails for anything else, so it
// also tells whether f is a terminal.
func width(f *os.File) (int, error) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, err
	}
	if size.Col == 0 { // the size was never set
		return 80, nil
	}
	return int(size.Col), nil
}

// eraseLine moves to the beginning of the line and erases it.
const eraseLine = "\r\x1b[K"

// hide removes the status line. The caller holds the lock.
func (c *console) hide() {
	if c.shown {
		fmt.Print(eraseLine)
		c.shown = false
	}
}

// printf prints lines above the status line.
func (c *console) printf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hide()
	fmt.Printf(format, args...)
}

// status replaces the status line. Text that is too wide for the terminal would wrap,
// so it is cut, if possible between two parts.
func (c *console) status(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cols, err := width(os.Stdout); err == nil && len(text) >= cols {
		text = cut(text, cols-1)
	}
	fmt.Print(eraseLine + text)
	c.shown = true
}

// cut returns the parts of a status line that fit into cols columns. Parts are
// separated by two spaces. If not even the first part fits, cut returns its beginning.
func cut(text string, cols int) string {
	if i := strings.LastIndex(text[:min(cols+2, len(text))], "  "); i > 0 {
		return text[:i]
	}
	return text[:cols]
}

// clear removes the status line.
func (c *console) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hide()
}

// Write writes a log's lines to the standard error, above the status line.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hide()
	return os.Stderr.Write(p)
}

// lines returns a writer that writes lines to the standard output, above the status line.
func (c *console) lines() io.Writer { return lines{c} }

type lines struct{ *console }

func (l lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hide()
	return os.Stdout.Write(p)
}
