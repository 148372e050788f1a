package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// TestCopy copies files that end at, before and after the end of a piece.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	random := rand.NewChaCha8([32]byte{})
	for _, size := range []int{0, 1, piece, piece + 1, lanes * piece, 3*lanes*piece - 1} {
		data := make([]byte, size)
		random.Read(data)
		if err := os.WriteFile(from, data, 0o640); err != nil {
			t.Fatal(err)
		}
		p := uvtest.Start(t, "main", from, to)
		p.Expect(`^copied \d+ bytes$`)
		p.Wait(0)
		got, err := os.ReadFile(to)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: the copy has %d, %v", size, len(got), err)
		}
		if st, err := os.Stat(to); err != nil || st.Mode() != 0o640 {
			t.Errorf("the copy's mode: %v, %v", st, err)
		}
		os.Remove(to)
	}
}

func TestCopyFails(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	if err := os.WriteFile(from, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{dir + "/missing", dir + "/to"}, {from, dir + "/no/to"}, {dir, dir + "/to"}, {"/dev/zero", dir + "/to"}, {from, from},
	} {
		uvtest.Start(t, "main", args...).Wait(1)
	}
	if data, err := os.ReadFile(from); err != nil || string(data) != "x" {
		t.Errorf("the source holds %q, %v", data, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("failed copies leave %v, %v", entries, err)
	}
}

// TestUsage: without arguments the program prints its usage in one line.
func TestUsage(t *testing.T) {
	p := uvtest.Start(t, "main")
	p.Wait(2)
	if got, want := p.Stderr(), "usage: async-copy FROM TO\n"; got != want {
		t.Errorf("it says %q, not %q", got, want)
	}
}
