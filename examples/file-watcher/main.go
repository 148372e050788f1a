// File-watcher prints the changes in a directory and in the directories below it. Try
// it:
//
//	go run ./examples/file-watcher . & # when it says watching:
//	touch a; echo x >> a; mkdir d; mv a d; rm -r d
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// A tree watches each directory of a tree with a handle of its own, because Linux
// cannot watch a whole tree. Changes in a new directory before its watch begins are not
// printed.
type tree struct {
	loop    *uvgo.Loop
	watches map[string]*handles.FSEvent
}

// add watches the directories of dir's tree that are not watched yet.
func (t *tree) add(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && t.watches[path] == nil {
			err = t.watch(path)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone again meanwhile
			return nil
		case errors.Is(err, fs.ErrPermission):
			log.Print(err)
			return fs.SkipDir
		}
		return err
	})
}

func (t *tree) watch(dir string) error {
	w, err := t.loop.NewFSEvent()
	if err != nil {
		return err
	}
	err = w.Start(dir, 0, func(name string, events handles.FSEventKind, err error) {
		t.changed(dir, name, events, err)
	})
	if err != nil {
		w.Close()
		return err
	}
	t.watches[dir] = w
	return nil
}

// changed runs for each change of an entry of dir, or of dir itself.
func (t *tree) changed(dir, name string, events handles.FSEventKind, err error) {
	if err != nil {
		log.Print(err)
		return
	}
	if _, err := os.Lstat(dir); err != nil { // the directory itself is gone
		if w := t.watches[dir]; w != nil {
			w.Close()
			delete(t.watches, dir)
		}
		return
	}
	path := filepath.Join(dir, name)
	if events&handles.FSEventRename == 0 {
		fmt.Println("changed", path)
	} else if _, err := os.Lstat(path); err != nil {
		fmt.Println("removed", path)
	} else {
		fmt.Println("created", path)
		if err := t.add(path); err != nil {
			log.Print(err)
		}
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: file-watcher DIRECTORY")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := uvgo.Run(ctx, func(l *uvgo.Loop) error {
		t := &tree{l, make(map[string]*handles.FSEvent)}
		if err := t.add(os.Args[1]); err != nil {
			return err
		}
		if len(t.watches) == 0 {
			return errors.New(os.Args[1] + " is no directory that can be watched")
		}
		directories := "directories"
		if len(t.watches) == 1 {
			directories = "directory"
		}
		fmt.Println("watching", len(t.watches), directories)
		return nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
