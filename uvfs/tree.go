package uvfs

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
)

// A Tree presents the files below a directory as an [fs.FS]. As with os.DirFS,
// symbolic links may lead out of it.
type Tree struct {
	fs  *FS
	ctx context.Context
	dir string
}

var (
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.StatFS     = (*Tree)(nil)
	_ fs.ReadFileFS = (*Tree)(nil)
	_ fs.ReadLinkFS = (*Tree)(nil)
	_ fs.SubFS      = (*Tree)(nil)
)

// DirFS returns the files below dir. Calls of the Tree and of the files that it opens end
// with ctx.
func (f *FS) DirFS(ctx context.Context, dir string) *Tree {
	return &Tree{f, valid(ctx), dir}
}

// at returns the path of a name in the tree.
func (t *Tree) at(op, name string) (string, error) {
	if t.dir == "" || !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return t.dir, nil
	}
	return join(t.dir, filepath.FromSlash(name)), nil
}

// inTree makes an error name the file in the tree instead of its path, as package fs asks for.
func inTree(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return &fs.PathError{Op: p.Op, Path: name, Err: p.Err}
	}
	return err
}

// Open opens a file for reading: a *[File], whose Name is the path of the system.
func (t *Tree) Open(name string) (fs.File, error) {
	p, err := t.at("open", name)
	if err != nil {
		return nil, err
	}
	f, err := t.fs.Open(t.ctx, p)
	if err != nil {
		return nil, inTree(name, err)
	}
	return f.With(t.ctx), nil
}

// Stat describes a file, behind symbolic links.
func (t *Tree) Stat(name string) (fs.FileInfo, error) { return t.stat("stat", name, t.fs.Stat) }

// Lstat is Stat of a symbolic link itself.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) { return t.stat("lstat", name, t.fs.Lstat) }

func (t *Tree) stat(op, name string, ask func(context.Context, string) (fs.FileInfo, error)) (fs.FileInfo, error) {
	p, err := t.at(op, name)
	if err != nil {
		return nil, err
	}
	info, err := ask(t.ctx, p)
	return info, inTree(name, err)
}

// ReadDir lists a directory by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	p, err := t.at("readdir", name)
	if err != nil {
		return nil, err
	}
	entries, err := t.fs.ReadDir(t.ctx, p)
	return entries, inTree(name, err)
}

// ReadFile reads a whole file.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	p, err := t.at("open", name)
	if err != nil {
		return nil, err
	}
	data, err := t.fs.ReadFile(t.ctx, p)
	return data, inTree(name, err)
}

// ReadLink reads a symbolic link.
func (t *Tree) ReadLink(name string) (string, error) {
	p, err := t.at("readlink", name)
	if err != nil {
		return "", err
	}
	target, err := t.fs.Readlink(t.ctx, p)
	return target, inTree(name, err)
}

// Sub returns the tree below a directory of this one.
func (t *Tree) Sub(dir string) (fs.FS, error) {
	p, err := t.at("sub", dir)
	if err != nil {
		return nil, err
	}
	if path.Clean(dir) == "." {
		return t, nil
	}
	return &Tree{t.fs, t.ctx, p}, nil
}
