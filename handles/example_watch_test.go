package handles_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// Watch a directory.
func ExampleFSEvent() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	run(func(l *uvgo.Loop) error {
		w, err := l.NewFSEvent()
		if err != nil {
			return err
		}
		err = w.Start(dir, 0, func(name string, events handles.FSEventKind, err error) {
			fmt.Println(name, events)
			w.Close()
		})
		if err != nil {
			return err
		}
		return os.Mkdir(filepath.Join(dir, "new"), 0o755)
	})
	// Output: new rename
}

// Wait for a file that another program makes.
func ExampleFSPoll() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ready")
	run(func(l *uvgo.Loop) error {
		p, err := l.NewFSPoll()
		if err != nil {
			return err
		}
		return p.Start(path, 10*time.Millisecond, func(prev, cur uv.Stat, err error) {
			if errors.Is(err, fs.ErrNotExist) {
				fmt.Println("not there yet")
				os.WriteFile(path, []byte("yes"), 0o600) // what the other program does
				return
			}
			fmt.Println("there")
			p.Close()
		})
	})
	// Output:
	// not there yet
	// there
}

// Read one key, without waiting for the end of a line.
func ExampleTTY() {
	if handles.GuessHandle(os.Stdin.Fd()) != uv.KindTTY {
		return // a file or a pipe: there are no keys
	}
	run(func(l *uvgo.Loop) error {
		tty, err := l.NewTTY(os.Stdin.Fd())
		if err != nil {
			return err
		}
		if err := tty.SetMode(handles.TTYRaw); err != nil {
			return err
		}
		return tty.ReadStart(func(p []byte, err error) {
			if err == nil {
				fmt.Printf("you pressed %q\r\n", p)
			}
			tty.Close() // restores the terminal's mode
		})
	})
}
