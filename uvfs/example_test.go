package uvfs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/uvgo/uvgo/uvfs"
)

// Files with a time limit, from any goroutine.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f, err := uvfs.New()
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	path := filepath.Join(dir, "greeting")
	if err := f.WriteFile(ctx, path, []byte("hello"), 0o600); err != nil {
		log.Fatal(err)
	}
	data, err := f.ReadFile(ctx, path)
	fmt.Printf("%s %v\n", data, err)
	_, err = f.Stat(ctx, path+"s")
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// hello <nil>
	// true
}

// A directory as an fs.FS.
func ExampleFS_DirFS() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f, err := uvfs.New()
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	if err := f.Mkdir(context.Background(), filepath.Join(dir, "sub"), 0o700); err != nil {
		log.Fatal(err)
	}
	err = fs.WalkDir(f.DirFS(context.Background(), dir), ".", func(path string, d fs.DirEntry, err error) error {
		fmt.Println(path, d.IsDir())
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// . true
	// sub true
}
