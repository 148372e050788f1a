package uvfs

import (
	"context"
	"io"
	"io/fs"
	"os"
)

// ReadFile reads a whole file. C function uv_fs_read.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_read
func (f *FS) ReadFile(ctx context.Context, name string) ([]byte, error) {
	file, err := f.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	file = file.With(ctx)
	size := int64(512) // also for what has no size, such as the files of /proc
	if st, err := file.Stat(); err == nil && st.Size() >= size && st.Size() < 1<<40 {
		size = st.Size() + 1 // one more, in which Read finds the end
	}
	p := make([]byte, 0, size)
	for {
		n, err := file.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		if err == io.EOF {
			return p, nil
		}
		if err != nil {
			return nil, err
		}
		if len(p) == cap(p) {
			p = append(p, 0)[:len(p)]
		}
	}
}

// WriteFile makes data a file's whole content; the permissions are for a file that it
// creates. C function uv_fs_write.
//
// https://docs.libuv.org/en/v1.x/fs.html#c.uv_fs_write
func (f *FS) WriteFile(ctx context.Context, name string, data []byte, perm fs.FileMode) error {
	file, err := f.OpenFile(ctx, name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = file.With(ctx).Write(data)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return err
}
