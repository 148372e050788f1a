package requests_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"path/filepath"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

// inTempDir runs main on a loop until its work is done.
func inTempDir(main func(l *uvgo.Loop, dir string) error) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error { return main(l, dir) }); err != nil {
		log.Fatal(err)
	}
}

// Asking about a file.
func ExampleFSStat() {
	inTempDir(func(l *uvgo.Loop, dir string) error {
		_, err := requests.FSStat(l, dir, func(st uv.Stat, err error) {
			fmt.Println(st.Mode, err)
		})
		return err
	})
	// Output: drwx------ <nil>
}

// Reading a file in a chain of callbacks.
func ExampleFSRead() {
	inTempDir(func(l *uvgo.Loop, dir string) error {
		path := filepath.Join(dir, "greeting")
		if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
			return err
		}
		buf := make([]byte, 100)
		_, err := requests.FSOpen(l, path, os.O_RDONLY, 0, func(fd uintptr, err error) {
			if err != nil {
				log.Print(err)
				return
			}
			requests.FSRead(l, fd, 0, func(n int, err error) {
				if err != nil && err != io.EOF {
					log.Print(err)
				}
				fmt.Printf("%s\n", buf[:n])
				requests.FSClose(l, fd, func(error) {})
			}, buf)
		})
		return err
	})
	// Output: hello
}

// Listing a directory.
func ExampleFSScandir() {
	inTempDir(func(l *uvgo.Loop, dir string) error {
		for _, name := range []string{"b", "a"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				return err
			}
		}
		_, err := requests.FSScandir(l, dir, func(entries iter.Seq[uv.Dirent], err error) {
			for e := range entries {
				fmt.Println(e.Name, e.Type == uv.DirentDir)
			}
		})
		return err
	})
	// Output:
	// a true
	// b true
}
