package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Dir is such a directory.
type Dir string

// Default is the user's own: os.UserCacheDir's uvgo/libuv.
func Default() (Dir, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for caches (%w): name one by -dir", err)
	}
	return Dir(filepath.Join(dir, "uvgo", "libuv")), nil
}

// Path joins names to the directory's.
func (d Dir) Path(name ...string) string {
	return filepath.Join(append([]string{string(d)}, name...)...)
}

// An Entry is a libuv that is there.
type Entry struct {
	GOOS, GOARCH string
	CC           string // the compiler's command line
	PC           string // the pkg-config package: libuv-static or libuv
	Dir          string // absolute
	Stamp        string
}

// A Table is the text of targets.json.
type Table struct {
	Entries []Entry

	// What -w has found and changed, for -u: go's PKG_CONFIG before, and the values
	// that it gave to variables which had none.
	PkgConfig string            `json:",omitempty"`
	Wrote     map[string]string `json:",omitempty"`
}

// Load reads the table. One that is not there is empty.
func (d Dir) Load() (Table, error) {
	var t Table
	text, err := os.ReadFile(d.Path("targets.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil {
		return Table{}, fmt.Errorf("%s: %w: remove it, and run the command again", d.Path("targets.json"), err)
	}
	return t, nil
}

// Save writes the table. The caller holds the lock.
func (d Dir) Save(t Table) error {
	text, err := json.MarshalIndent(t, "", "\t")
	if err != nil {
		return err
	}
	return d.WriteFile("targets.json", append(text, '\n'), 0o644)
}

// WriteFile replaces a file at once: readers see the old or the new text.
func (d Dir) WriteFile(name string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(d.Path(name)), ".tmp-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it is there after an error only
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), d.Path(name))
}

// Set enters a libuv in place of the one for the same target, compiler and package.
func (t *Table) Set(e Entry) {
	t.Entries = slices.DeleteFunc(t.Entries, func(old Entry) bool {
		return old.GOOS == e.GOOS && old.GOARCH == e.GOARCH && old.CC == e.CC && old.PC == e.PC
	})
	t.Entries = append(t.Entries, e)
}

// Find returns the libuv for a target: the one that cc has compiled, or else the latest
// of another compiler with the same kind of C library.
func (t *Table) Find(goos, goarch, cc, pc string) (Entry, bool) {
	musl := func(cc string) bool { return strings.Contains(cc, "musl") }
	var found Entry
	for _, e := range t.Entries {
		if e.GOOS != goos || e.GOARCH != goarch || e.PC != pc || musl(e.CC) != musl(cc) {
			continue
		}
		if _, err := os.Stat(filepath.Join(e.Dir, pc+".pc")); err != nil {
			continue
		}
		if e.CC == cc {
			return e, true
		}
		found = e
	}
	return found, found.Dir != ""
}

// Stamp is a number that is another one when any libuv of the table is. It goes into the
// flags of cgo, because go's build cache does not look at what pkg-config says.
func (t *Table) Stamp() string {
	h := fnv.New32a()
	for _, e := range t.Entries {
		fmt.Fprintln(h, e)
	}
	return fmt.Sprintf("0x%08x", h.Sum32())
}

// Temp makes a directory for half-made files, which the caller renames or removes. The
// caller holds the lock, so what an earlier process left behind is removed.
func (d Dir) Temp() (string, error) {
	old, _ := filepath.Glob(d.Path(".tmp-*"))
	for _, dir := range old {
		_ = os.RemoveAll(dir) // the next process tries again
	}
	dir, err := os.MkdirTemp(string(d), ".tmp-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// Replace renames the directory temp to name. What name was before is removed.
func Replace(temp, name string) error {
	old := filepath.Join(filepath.Dir(temp), ".tmp-old-"+filepath.Base(name))
	if err := os.Rename(name, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := os.Rename(temp, name)
	return errors.Join(err, os.RemoveAll(old))
}

// Lock waits until no other process builds in the directory, and calls waiting if it
// has to. The caller calls unlock once.
func (d Dir) Lock(ctx context.Context, waiting func()) (unlock func(), err error) {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return nil, d.unwritable(err)
	}
	f, err := os.OpenFile(d.Path(".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, d.unwritable(err)
	}
	for told := false; ; told = true {
		got, err := tryLock(f)
		if err != nil || got {
			// A file system without locks: each process builds aside, and the last one wins.
			return func() { _ = f.Close() }, nil
		}
		if !told {
			waiting()
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d Dir) unwritable(err error) error {
	return fmt.Errorf("cannot write to %s (%w): correct its permissions, or name another directory by -dir", d, err)
}
