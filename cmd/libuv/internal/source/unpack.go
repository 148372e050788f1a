package source

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// What a release may hold at most: several times what libuv's does.
const (
	maxEntries = 10_000
	maxBytes   = 64 << 20
)

// unpack writes the files of a tarball into dir, which must not exist. The tarball's
// one top directory is left out, as are links: libuv's sources have none.
func unpack(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // refuses whatever would leave dir
	if err != nil {
		return err
	}
	defer root.Close()

	t := tar.NewReader(z)
	left, entries := int64(maxBytes), 0
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return notEmpty(dir)
		}
		if err != nil {
			return err
		}
		if entries++; entries > maxEntries {
			return fmt.Errorf("it has more than %d files", maxEntries)
		}
		if left -= h.Size; left < 0 {
			return fmt.Errorf("it unpacks to more than %d bytes", maxBytes)
		}
		if !filepath.IsLocal(filepath.FromSlash(h.Name)) {
			return fmt.Errorf("it holds the path %q, which is outside of it", h.Name)
		}
		_, name, _ := strings.Cut(path.Clean(h.Name), "/")
		if name == "" {
			continue
		}
		if err := extract(root, t, h, name); err != nil {
			return err
		}
	}
}

// extract writes one directory or file.
func extract(root *os.Root, t *tar.Reader, h *tar.Header, name string) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeReg:
	default:
		return nil
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, os.FileMode(h.Mode)&0o111|0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, t)
	return errors.Join(err, out.Close())
}

// notEmpty makes an error of a tarball of something else.
func notEmpty(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "include", "uv.h")); err != nil {
		return errors.New("it holds no include/uv.h: this is not libuv")
	}
	return nil
}
