package uv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  *Error
		want string
	}{
		{&Error{Op: "tcp bind", Errno: EACCES, Addr: "127.0.0.1:80"}, "tcp bind 127.0.0.1:80: permission denied (EACCES)"},
		{&Error{Op: "tcp bind", Errno: EACCES}, "tcp bind: permission denied (EACCES)"},
		{&Error{Errno: EACCES, Addr: "/run/x"}, "/run/x: permission denied (EACCES)"},
		{&Error{Errno: EACCES}, "permission denied (EACCES)"},
		{&Error{Op: "read", Errno: -2999}, "read: Unknown system error -2999"},
		{nil, "<nil>"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, rc := range []int{0, 1, 4096} {
		if err := Check("write", rc); err != nil {
			t.Errorf("Check(%d) = %v, want nil", rc, err)
		}
	}
	for _, tt := range []struct {
		err  error
		want *Error
	}{
		{Check("write", int(EPIPE)), &Error{Op: "write", Errno: EPIPE}},
		{CheckAddr("pipe bind", "/run/x", int(EADDRINUSE)), &Error{Op: "pipe bind", Errno: EADDRINUSE, Addr: "/run/x"}},
	} {
		var got *Error
		if !errors.As(tt.err, &got) {
			t.Fatalf("%v is no *Error", tt.err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestErrorUnwrapsToItsErrno(t *testing.T) {
	err := fmt.Errorf("start: %w", Check("tcp connect", int(ETIMEDOUT)))
	for _, target := range []error{ETIMEDOUT, syscall.ETIMEDOUT} {
		if !errors.Is(err, target) {
			t.Errorf("errors.Is(%v, %#v) = false", err, target)
		}
	}
	if errors.Is(err, ECONNREFUSED) || errors.Is(err, context.Canceled) {
		t.Errorf("%v matches another error", err)
	}
	var e *Error
	if errors.As(err, &e); !e.Timeout() || !e.Temporary() {
		t.Errorf("%v: Timeout() = %t, Temporary() = %t, want both", err, e.Timeout(), e.Temporary())
	}
}

func TestNilErrorIsHarmless(t *testing.T) {
	var e *Error
	if e.Unwrap() != nil || e.Timeout() || e.Temporary() {
		t.Error("a nil *Error unwraps to, or reports, something")
	}
}

func TestSentinelsMatchStdErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want []error
	}{
		{ErrClosed, []error{ErrClosed, net.ErrClosed, fs.ErrClosed}},
		{ErrRunning, []error{ErrRunning}},
		{ErrNotOwner, []error{ErrNotOwner}},
	} {
		wrapped := fmt.Errorf("timer start: %w", tt.err)
		for _, target := range tt.want {
			if !errors.Is(wrapped, target) {
				t.Errorf("%v does not match %v", tt.err, target)
			}
		}
		if got := len(matches(wrapped)); got != len(tt.want)-1 {
			t.Errorf("%v matches %d std errors, want %d", tt.err, got, len(tt.want)-1)
		}
	}
}
