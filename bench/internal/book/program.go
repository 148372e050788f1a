package book

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/uvgo/uvgo/bench/internal/harness"
)

// A Program is made from this module's files, or is on the system. Exactly one of Go, C, Test, Python and System is set.
type Program struct {
	Name   string   // unique; the same name is built once
	Go     string   // a package of this module, such as ./echo-net
	C      []string // sources in c/
	UV     bool     // the C sources need libuv
	Test   string   // a package of the root module, whose test program is built: ./uvhttp
	Python string   // a script, such as python/echo.py, for the python3 that Versions has found
	System string   // a program of the system, by its name or path
}

// A Command is a program with its first arguments. Run adds what is behind them.
type Command struct {
	Program Program
	Args    []string
}

// check finds mistakes in a command.
func (c Command) check() error {
	n := 0
	for _, set := range []bool{c.Program.Go != "", len(c.Program.C) > 0, c.Program.Test != "", c.Program.Python != "", c.Program.System != ""} {
		if set {
			n++
		}
	}
	if c.Program.Name == "" || n != 1 {
		return fmt.Errorf("program %q must have a name, and one of Go, C, Test, Python and System", c.Program.Name)
	}
	return nil
}

// built are the programs that are ready, by their names: the words that start each.
type built struct {
	dir   string // this module's directory
	make  *harness.Builder
	words map[string][]string
	errs  map[string]error
}

// build makes a program unless it has been made or has failed.
func (b *built) build(p Program, python string) error {
	if b.words[p.Name] != nil {
		return nil
	}
	if err := b.errs[p.Name]; err != nil {
		return err
	}
	words, err := b.compile(p, python)
	if err != nil {
		b.errs[p.Name] = err
		return err
	}
	b.words[p.Name] = words
	return nil
}

func (b *built) compile(p Program, python string) (words []string, err error) {
	var path string
	switch {
	case p.Go != "":
		path, err = b.make.Go(p.Name, p.Go)
	case len(p.C) > 0:
		path, err = b.make.C(p.Name, p.UV, p.C...)
	case p.Test != "":
		path, err = b.make.Test(p.Name, p.Test)
	case p.Python != "":
		if python == "" {
			return nil, errors.New("python3 is not installed")
		}
		path, err = filepath.Abs(filepath.Join(b.dir, p.Python))
		return []string{python, path}, err
	default:
		path = p.System
	}
	return []string{path}, err
}
