package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// Fields of the page that testdata/shim.c shares with this program.
const (
	shimEvery  = 0
	shimStep   = 8
	shimCalls  = 16
	shimEINTR  = 24
	shimBrief  = 32
	shimClocks = 40
	shimMemory = 48
	shimNoMem  = 56
)

// A shim is what makes the C library of this process fail.
type shim []byte

// openShim returns the shim of a process that [shimmed] has started.
func openShim() shim {
	f := uvtest.Must(os.OpenFile(os.Getenv("SHIM_PAGE"), os.O_RDWR, 0))
	defer f.Close()
	return uvtest.Must(unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED))
}

func (s shim) set(field int, v int64)    { binary.NativeEndian.PutUint64(s[field:], uint64(v)) }
func (s shim) count(field int) (n int64) { return int64(binary.NativeEndian.Uint64(s[field:])) }

// shimmed runs a helper whose C library fails on purpose, and returns what it prints.
func shimmed(t *testing.T, helper string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	lib, page := filepath.Join(dir, "shim.so"), filepath.Join(dir, "page")
	cc := strings.Fields(os.Getenv("CC"))
	if len(cc) == 0 {
		cc = []string{"cc"}
	}
	cc = append(cc, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", lib, "testdata/shim.c", "testdata/vdso.c", "-ldl")
	if out, err := exec.Command(cc[0], cc[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	uvtest.Check(t, os.WriteFile(page, make([]byte, 4096), 0o600))
	cmd := uvtest.Command(t, helper, args...)
	cmd.Env = append(cmd.Environ(), "LD_PRELOAD="+lib, "SHIM_PAGE="+page, "ASAN_OPTIONS=verify_asan_link_order=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, tail(stderr.Bytes()))
	}
	return string(out)
}

// tail returns the beginning and the end of a long text.
func tail(p []byte) []byte {
	const most = 4000
	if len(p) <= 2*most {
		return p
	}
	return fmt.Appendf(nil, "%s\n[…]\n%s", p[:most], p[len(p)-most:])
}

// payload returns n bytes that tell their place, and their checksum.
func payload(n int) ([]byte, [32]byte) {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(uint32(i) * 2654435761 >> 13)
	}
	return p, sha256.Sum256(p)
}

// exchange sends all of p over a connection that echoes, and wants it back whole.
func exchange(c io.ReadWriter, p []byte) error {
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(p)
		sent <- err
	}()
	got := make([]byte, len(p))
	if n, err := io.ReadFull(c, got); err != nil {
		return fmt.Errorf("after %d bytes of %d: %w", n, len(p), err)
	}
	if !bytes.Equal(got, p) {
		return fmt.Errorf("%d bytes came back with another content", len(p))
	}
	return <-sent
}
