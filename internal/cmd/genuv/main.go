// Genuv generates package uv's error codes, handle kinds and request kinds from the
// uv.h that the build uses, so that they agree with libuv's.
//
// It reads the X-macros UV_ERRNO_MAP, UV_HANDLE_TYPE_MAP and UV_REQ_TYPE_MAP
// of uv.h, the values of uv/errno.h, and which errnos each Unix has from the
// syscall package of the Go toolchain at hand. Run it with "go generate ./uv".
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/uvgo/uvgo/internal/uvheader"
)

func main() {
	include := flag.String("include", "", "`directory` that holds uv.h (default: that of pkg-config's libuv-static)")
	out := flag.String("o", ".", "`directory` to write to")
	flag.Parse()
	if err := run(*include, *out); err != nil {
		fmt.Fprintln(os.Stderr, "genuv:", err)
		os.Exit(1)
	}
}

func run(include, out string) error {
	if include == "" {
		dir, err := uvheader.Find()
		if err != nil {
			return err
		}
		include = dir
	}
	files, err := generate(include)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(out, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the generated files by name.
func generate(include string) (map[string][]byte, error) {
	h, err := readHeaders(include)
	if err != nil {
		return nil, err
	}
	sys, err := readSyscall()
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	if err := h.writeErrnos(sys, files); err != nil {
		return nil, err
	}
	return files, h.writeKinds(files)
}
