package uv

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/cuv"
)

// stdErrors are the errors of the standard library that a code may match.
var stdErrors = map[string]error{
	"io.EOF":                   io.EOF,
	"io.ErrUnexpectedEOF":      io.ErrUnexpectedEOF,
	"io.ErrClosedPipe":         io.ErrClosedPipe,
	"net.ErrClosed":            net.ErrClosed,
	"fs.ErrClosed":             fs.ErrClosed,
	"fs.ErrNotExist":           fs.ErrNotExist,
	"fs.ErrExist":              fs.ErrExist,
	"fs.ErrPermission":         fs.ErrPermission,
	"fs.ErrInvalid":            fs.ErrInvalid,
	"os.ErrDeadlineExceeded":   os.ErrDeadlineExceeded,
	"context.Canceled":         context.Canceled,
	"context.DeadlineExceeded": context.DeadlineExceeded,
	"errors.ErrUnsupported":    errors.ErrUnsupported,
}

// matches names every stdErrors entry that errors.Is finds in err.
func matches(err error) map[string]bool {
	found := make(map[string]bool)
	for name, std := range stdErrors {
		if errors.Is(err, std) {
			found[name] = true
		}
	}
	return found
}

func TestErrnoMatchesStdErrors(t *testing.T) {
	want := map[Errno][]string{
		EOF:          {"io.EOF"},
		ECANCELED:    {"context.Canceled"},
		EAI_CANCELED: {"context.Canceled"},
		ETIMEDOUT:    {"os.ErrDeadlineExceeded"},
		ENOENT:       {"fs.ErrNotExist"},
		EEXIST:       {"fs.ErrExist"},
		ENOTEMPTY:    {"fs.ErrExist"},
		EACCES:       {"fs.ErrPermission"},
		EPERM:        {"fs.ErrPermission"},
		EINVAL:       {"fs.ErrInvalid"},
		ENOSYS:       {"errors.ErrUnsupported"},
		ENOTSUP:      {"errors.ErrUnsupported"},
	}
	for _, e := range errnoTable {
		names := make(map[string]bool)
		for _, name := range want[e.code] {
			names[name] = true
		}
		if diff := cmp.Diff(names, matches(e.code)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", e.name, diff)
		}
	}
}

func TestErrnoMatchesSyscallErrno(t *testing.T) {
	for _, tt := range []struct {
		errno Errno
		sys   syscall.Errno
		want  bool
	}{
		{ECONNREFUSED, syscall.ECONNREFUSED, true},
		{ETIMEDOUT, syscall.ETIMEDOUT, true},
		{ENOENT, syscall.ENOENT, true},
		{EINVAL, syscall.EINVAL, true},
		{EBADF, syscall.EBADF, true},
		{EBADF, syscall.EINVAL, false},
		{EOF, 4095, false},
		{EAI_AGAIN, 3001, false},
		{EAI_AGAIN, syscall.EAGAIN, false},
		{ECHARSET, 4080, false},
		{0, 0, false},
		{5, syscall.EIO, false},
		{-123456, 123456, false},
	} {
		if got := errors.Is(tt.errno, tt.sys); got != tt.want {
			t.Errorf("errors.Is(%d, syscall.Errno(%d)) = %t, want %t", tt.errno, uintptr(tt.sys), got, tt.want)
		}
	}
	for _, e := range errnoTable {
		want := e.code > ownCodes
		if got := errors.Is(e.code, syscall.Errno(-e.code)); got != want {
			t.Errorf("%s matches its syscall.Errno: %t, want %t", e.name, got, want)
		}
	}
}

func TestErrnoTimeoutAndTemporary(t *testing.T) {
	timeout := map[Errno]bool{ETIMEDOUT: true, EAGAIN: true}
	temporary := map[Errno]bool{
		ETIMEDOUT: true, EAGAIN: true, EINTR: true, EMFILE: true,
		ENFILE: true, ECONNABORTED: true, EAI_AGAIN: true,
	}
	for _, e := range errnoTable {
		if got := e.code.Timeout(); got != timeout[e.code] {
			t.Errorf("%s: Timeout() = %t, want %t", e.name, got, timeout[e.code])
		}
		if got := e.code.Temporary(); got != temporary[e.code] {
			t.Errorf("%s: Temporary() = %t, want %t", e.name, got, temporary[e.code])
		}
	}
	for _, e := range []Errno{0, 1, -2999, -123456} {
		if e.Timeout() || e.Temporary() {
			t.Errorf("%d is a timeout or temporary", e)
		}
	}
}

func TestErrnoText(t *testing.T) {
	for _, tt := range []struct {
		errno         Errno
		name, message string
	}{
		{ECONNREFUSED, "ECONNREFUSED", "connection refused"},
		{EACCES, "EACCES", "permission denied"},
		{EAI_NONAME, "EAI_NONAME", "unknown node or service"},
		{EOF, "EOF", "end of file"},
		{UNKNOWN, "UNKNOWN", "unknown error"},
		{0, "Unknown system error 0", "Unknown system error 0"},
		{-2999, "Unknown system error -2999", "Unknown system error -2999"},
	} {
		if got := tt.errno.Name(); got != tt.name {
			t.Errorf("Errno(%d).Name() = %q, want %q", int32(tt.errno), got, tt.name)
		}
		if got := tt.errno.Error(); got != tt.message {
			t.Errorf("Errno(%d).Error() = %q, want %q", int32(tt.errno), got, tt.message)
		}
	}
}

func TestErrnoTableHoldsEachNameOnce(t *testing.T) {
	seen := make(map[string]bool)
	for _, e := range errnoTable {
		if seen[e.name] {
			t.Errorf("%s is listed twice", e.name)
		}
		seen[e.name] = true
		if e.code >= 0 {
			t.Errorf("%s = %d, want a negative code", e.name, e.code)
		}
	}
}

func TestErrnoOf(t *testing.T) {
	for sys, want := range map[syscall.Errno]Errno{syscall.ENOENT: ENOENT, syscall.EAGAIN: EAGAIN, 0: 0} {
		if got := ErrnoOf(sys); got != want {
			t.Errorf("%d is %v, want %v", sys, got, want)
		}
	}
}

// The generated messages and names are libuv's own.
func TestErrnosAreLibuvs(t *testing.T) {
	for _, e := range append(slices.Clone(errnoTable[:]), errnoEntry{code: -2999}) {
		if got, want := e.code.Error(), cuv.Strerror(int(e.code)); got != want {
			t.Errorf("%d: %q, libuv says %q", e.code, got, want)
		}
		if got, want := e.code.Name(), cuv.ErrName(int(e.code)); got != want {
			t.Errorf("%d: %q, libuv says %q", e.code, got, want)
		}
	}
}
