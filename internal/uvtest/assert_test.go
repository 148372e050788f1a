package uvtest

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

// A recorder is a testing.TB that notes failures instead of failing. Its embedded TB is
// nil: a method that the kit is not meant to call panics.
type recorder struct {
	testing.TB
	errors int
	fatals int
}

func (*recorder) Helper()                 {}
func (r *recorder) Error(...any)          { r.errors++ }
func (r *recorder) Errorf(string, ...any) { r.errors++ }
func (r *recorder) Fatal(...any)          { r.fatals++ }

type closer struct{ err error }

func (c closer) Close() error { return c.err }

// TestAssertions fails a recorded test exactly where the kit's functions should.
func TestAssertions(t *testing.T) {
	wrapped := fmt.Errorf("read: %w", io.EOF)
	for _, tt := range []struct {
		name           string
		call           func(t testing.TB)
		errors, fatals int
	}{
		{"Check nil", func(t testing.TB) { Check(t, nil) }, 0, 0},
		{"Check", func(t testing.TB) { Check(t, io.EOF) }, 0, 1},
		{"Expect nil", func(t testing.TB) { Expect(t, nil) }, 0, 0},
		{"Expect", func(t testing.TB) { Expect(t, io.EOF) }, 1, 0},
		{"IsErr wrapped", func(t testing.TB) { IsErr(t, "read", wrapped, io.EOF) }, 0, 0},
		{"IsErr of another", func(t testing.TB) { IsErr(t, "read", wrapped, io.ErrUnexpectedEOF) }, 1, 0},
		{"IsErr of none", func(t testing.TB) { IsErr(t, "read", nil, io.EOF) }, 1, 0},
		{"CloseAll", func(t testing.TB) { CloseAll(t, closer{}, closer{io.EOF}, closer{}) }, 0, 1},
	} {
		r := &recorder{}
		tt.call(r)
		if r.errors != tt.errors || r.fatals != tt.fatals {
			t.Errorf("%s: %d errors and %d fatal ones, want %d and %d", tt.name, r.errors, r.fatals, tt.errors, tt.fatals)
		}
	}
}

func TestMustPanicsForAnError(t *testing.T) {
	if got := Must(7, nil); got != 7 {
		t.Errorf("Must returned %d, want 7", got)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, io.EOF) {
			t.Errorf("Must panicked with %v, want %v", err, io.EOF)
		}
	}()
	Must(7, io.EOF)
}
