package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/uvgo/uvgo/cmd/libuv/internal/pin"
)

// A Request says which source is wanted, and where it may come from.
type Request struct {
	Pin     pin.Pin
	Tarball string // a file to take it from, or ""
	URL     string // the only address to download it from, or ""
	ByHand  string // how the user gives a tarball by hand
	Temp    string // a directory for files that may be removed when Unpacked has returned

	// Say tells the user what happens.
	Say func(format string, args ...any)
}

// Unpacked leaves the source in dir, which must not exist, and returns the SHA-256 of the
// tarball that it comes from.
//
// Without a Tarball or URL it tries in turn the machine's own apt client, libuv's own
// release address and the other addresses of the lock. The error says what each of them said.
func (r *Request) Unpacked(ctx context.Context, dir string) (string, error) {
	file, sum, err := r.obtain(ctx)
	if err != nil {
		return "", err
	}
	if err := unpack(file, dir); err != nil {
		return "", fmt.Errorf("cannot unpack %s: %w", filepath.Base(file), err)
	}
	return sum, nil
}

// obtain returns a verified tarball.
func (r *Request) obtain(ctx context.Context) (file, sum string, err error) {
	switch {
	case r.Tarball != "":
		sum, err := r.VerifyTarball()
		return r.Tarball, sum, err
	case r.URL != "":
		return r.download(ctx, r.URL)
	}
	var failures []string
	for _, way := range r.ways() {
		r.Say("downloading %s from %s", r.Pin.Version, way.name)
		file, sum, err := way.get(ctx)
		if err == nil {
			return file, sum, nil
		}
		if ctx.Err() != nil {
			return "", "", context.Cause(ctx)
		}
		failures = append(failures, fmt.Sprintf("%s: %v", way.name, err))
	}
	return "", "", fmt.Errorf("cannot obtain libuv %s:\n  %s\n  check the network and the proxy (https_proxy), or give the file by hand: %s%s",
		r.Pin.Version, strings.Join(failures, "\n  "), r.ByHand, r.Pin.Tarballs[0].Name)
}

// VerifyTarball returns the SHA-256 of the file that the user gave.
func (r *Request) VerifyTarball() (string, error) {
	sum, err := r.verify(r.Tarball, r.Tarball)
	return sum, describe(r.Tarball, err)
}

// A way is one place to download from.
type way struct {
	name string
	get  func(context.Context) (file, sum string, err error)
}

func (r *Request) ways() []way {
	var ways []way
	mirrors, err := Mirrors()
	for _, mirror := range mirrors {
		ways = append(ways, way{"Debian's source package at " + mirror, func(ctx context.Context) (string, string, error) { return r.apt(ctx, mirror) }})
	}
	if err != nil {
		ways = append(ways, way{"Debian's source package", func(context.Context) (string, string, error) { return "", "", err }})
	}
	// Debian's own address comes last: it drops a release when the next one is in the suite.
	for i := range r.Pin.Tarballs {
		t := r.Pin.Tarballs[(i+1)%len(r.Pin.Tarballs)]
		if t.URL != "" {
			ways = append(ways, way{t.URL, func(ctx context.Context) (string, string, error) { return r.download(ctx, t.URL) }})
		}
	}
	return ways
}

// verify returns the SHA-256 of a file, which has to be one of the lock's. name is what
// the user knows the file by.
func (r *Request) verify(file, name string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.Join(err, errNotAFile)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, maxTarball)); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if _, ok := r.Pin.Known(sum); !ok {
		var known []string
		for _, t := range r.Pin.Tarballs {
			known = append(known, t.SHA256+" ("+t.Name+")")
		}
		return "", fmt.Errorf("wrong checksum: %s has SHA-256 %s, but libuv.lock pins %s; not building it: get libuv %s's tarball again", name, sum, strings.Join(known, " or "), r.Pin.Version)
	}
	return sum, nil
}

var errNotAFile = errors.New("it is not a file")

// describe says what is wrong with the file that the user gave.
func describe(file string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the tarball %s does not exist: name libuv's release tarball", file)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the tarball %s cannot be read: correct its permissions", file)
	case errors.Is(err, errNotAFile):
		return fmt.Errorf("%s is not a file: name libuv's release tarball", file)
	}
	return err
}
