package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packed writes a tarball of entries, and returns its path.
func packed(t *testing.T, entries ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range append(entries, tar.Header{Name: "top/include/uv.h", Typeflag: tar.TypeReg, Mode: 0o644}) {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 && h.Size < 1<<20 {
			if _, err := w.Write(make([]byte, h.Size)); err != nil {
				t.Fatal(err)
			}
		} else if h.Size > 0 {
			break // too large: only the header says so
		}
	}
	_ = w.Flush()
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func reg(name string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: 1}
}

func TestUnpackStaysInside(t *testing.T) {
	many := make([]tar.Header, maxEntries+1)
	for i := range many {
		many[i] = tar.Header{Name: "top/d", Typeflag: tar.TypeDir}
	}
	for _, tt := range []struct {
		name, want string
		entries    []tar.Header
	}{
		{"absolute", "outside", []tar.Header{reg("/tmp/x")}},
		{"dots", "outside", []tar.Header{reg("../x")}},
		{"dots behind the top", "outside", []tar.Header{reg("top/../../x")}},
		{"too large", "more than 67108864 bytes", []tar.Header{{Name: "top/x", Typeflag: tar.TypeReg, Size: maxBytes + 1}}},
		{"too many", "more than 10000 files", many},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			if err := unpack(packed(t, tt.entries...), dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("unpack = %v, want %q", err, tt.want)
			}
			others, err := os.ReadDir(filepath.Dir(dir))
			if err != nil || len(others) != 1 {
				t.Errorf("beside the directory: %v %v", others, err)
			}
		})
	}
}

// TestUnpackMakesNoLinks: a file cannot be written through a link to elsewhere.
func TestUnpackMakesNoLinks(t *testing.T) {
	victim := t.TempDir()
	dir := filepath.Join(t.TempDir(), "out")
	err := unpack(packed(t,
		tar.Header{Name: "top/link", Typeflag: tar.TypeSymlink, Linkname: victim}, reg("top/link/x"),
		tar.Header{Name: "top/hard", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"},
		tar.Header{Name: "top/dev", Typeflag: tar.TypeChar},
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(victim); len(left) > 0 {
		t.Errorf("written through the link: %v", left)
	}
	for _, name := range []string{"hard", "dev"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s has been made", name)
		}
	}
	if info, err := os.Lstat(filepath.Join(dir, "link")); err != nil || !info.IsDir() {
		t.Errorf("link is %v, %v", info, err)
	}
}
