package uvfs_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// TestTreeIsAnFS has fstest look at files, directories and links, with a context
// that cannot end and with one that can.
func TestTreeIsAnFS(t *testing.T) {
	f := newFS(t)
	dir := t.TempDir()
	for name, data := range map[string]string{"a": "alpha", "empty": "", "d/b": "beta", "d/e/c": string(make([]byte, 1500))} {
		uvtest.Check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		uvtest.Check(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
	}
	uvtest.Check(t, os.Symlink("a", filepath.Join(dir, "link")))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": ctx} {
		t.Run(name, func(t *testing.T) {
			tree := f.DirFS(ctx, dir)
			uvtest.Check(t, fstest.TestFS(tree, "a", "empty", "d/b", "d/e/c", "link"))
			sub := uvtest.Must(fs.Sub(tree, "d"))
			uvtest.Check(t, fstest.TestFS(sub, "b", "e/c"))
			if got := uvtest.Must(fs.ReadLink(tree, "link")); got != "a" {
				t.Errorf("link leads to %q", got)
			}
			info := uvtest.Must(fs.Stat(tree, "link"))
			if sys, ok := info.Sys().(*uv.Stat); !ok || sys.Size != 5 || info.Mode().Type() != 0 {
				t.Errorf("stat of a link to a file: %v", info)
			}
			if got := uvtest.Must(fs.Glob(tree, "d/*")); len(got) != 2 {
				t.Errorf("glob finds %v", got)
			}
		})
	}
}

// TestTreeErrorsNameTheFileInTheTree, as fs asks for.
func TestTreeErrorsNameTheFileInTheTree(t *testing.T) {
	f := newFS(t)
	tree := f.DirFS(t.Context(), t.TempDir())
	for name, call := range map[string]func(name string) error{
		"open":     func(name string) error { _, err := tree.Open(name); return err },
		"stat":     func(name string) error { _, err := tree.Stat(name); return err },
		"lstat":    func(name string) error { _, err := tree.Lstat(name); return err },
		"readdir":  func(name string) error { _, err := tree.ReadDir(name); return err },
		"readfile": func(name string) error { _, err := tree.ReadFile(name); return err },
		"readlink": func(name string) error { _, err := tree.ReadLink(name); return err },
	} {
		err := call("no/such")
		var p *fs.PathError
		if !errors.As(err, &p) || p.Path != "no/such" || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		for _, bad := range []string{"", "/etc", "../x", "a//b", "./a"} {
			uvtest.IsErr(t, name+" of "+bad, call(bad), fs.ErrInvalid)
		}
		uvtest.IsErr(t, name+" of a NUL", call("a\x00b"), fs.ErrInvalid)
	}
	_, err := tree.Sub("..")
	uvtest.IsErr(t, "sub", err, fs.ErrInvalid)
	_, err = f.DirFS(t.Context(), "").Open("a")
	uvtest.IsErr(t, "a tree below nothing", err, fs.ErrInvalid)
}
