package uv

//go:generate go run ../internal/cmd/genuv -o .

import (
	"context"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/uvgo/uvgo/cuv"
)

// An Errno is a libuv error code: a negative number, on Unix the negative
// errno of the system where the system has that error. Codes compare with ==;
// errors.Is also matches them with the standard library's errors, see [Errno.Is].
//
// Codes and their meaning.
//
// https://docs.libuv.org/en/v1.x/errors.html
type Errno int32

var _ net.Error = Errno(0)

type errnoEntry struct {
	code          Errno
	name, message string
}

// Error returns libuv's message for the code, such as "connection refused". C
// functions uv_strerror and uv_strerror_r.
//
// https://docs.libuv.org/en/v1.x/errors.html#c.uv_strerror
func (e Errno) Error() string {
	if t := e.entry(); t != nil {
		return t.message
	}
	return cuv.Strerror(int(e))
}

// Name returns the code's name, such as "ECONNREFUSED". C functions uv_err_name and
// uv_err_name_r.
//
// https://docs.libuv.org/en/v1.x/errors.html#c.uv_err_name
func (e Errno) Name() string {
	if t := e.entry(); t != nil {
		return t.name
	}
	return cuv.ErrName(int(e))
}

// ErrnoOf returns libuv's code for an errno of the system's. C function
// uv_translate_sys_error.
//
// https://docs.libuv.org/en/v1.x/errors.html#c.uv_translate_sys_error
func ErrnoOf(e syscall.Errno) Errno { return Errno(cuv.Translate(int(e))) }

// Is lets errors.Is match a code with the standard library's error for the same condition:
//
//	syscall.Errno              the same system errno, and whatever it matches itself:
//	                           fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, errors.ErrUnsupported
//	io.EOF                     EOF
//	context.Canceled           ECANCELED, EAI_CANCELED
//	os.ErrDeadlineExceeded     ETIMEDOUT
//	fs.ErrInvalid              EINVAL
//	ECANCELED                  EAI_CANCELED, too: cancelling is the same for all requests
//
// No code matches net.ErrClosed: see [ErrClosed].
func (e Errno) Is(target error) bool {
	if sys, ok := e.system(); ok {
		if t, ok := target.(syscall.Errno); ok {
			return sys == t
		}
		if sys.Is(target) {
			return true
		}
	}
	switch target {
	case ECANCELED, syscall.ECANCELED:
		return e == EAI_CANCELED
	case io.EOF:
		return e == EOF
	case context.Canceled:
		return e == ECANCELED || e == EAI_CANCELED
	case os.ErrDeadlineExceeded:
		return e == ETIMEDOUT
	case fs.ErrInvalid:
		return e == EINVAL
	}
	return false
}

// Timeout reports whether the code means that time ran out, by the rule of
// syscall.Errno: ETIMEDOUT and EAGAIN.
func (e Errno) Timeout() bool {
	sys, ok := e.system()
	return ok && sys.Timeout()
}

// Temporary reports whether the same call may succeed later. It is true for
// what syscall.Errno calls temporary (EINTR, EMFILE, ENFILE, EAGAIN, ETIMEDOUT),
// for ECONNABORTED, which an accept may meet at any time, and for EAI_AGAIN.
func (e Errno) Temporary() bool {
	if e == ECONNABORTED || e == EAI_AGAIN {
		return true
	}
	sys, ok := e.system()
	return ok && sys.Temporary()
}

func (e Errno) entry() *errnoEntry {
	for i := range errnoTable {
		if errnoTable[i].code == e {
			return &errnoTable[i]
		}
	}
	return nil
}
