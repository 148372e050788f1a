package uv

import (
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
)

// An Error is a libuv error with the operation that met it.
type Error struct {
	Op    string // what was tried, such as "tcp bind"
	Errno Errno  // why it failed
	Addr  string // what it was tried on, such as "127.0.0.1:80"; may be empty
}

var _ net.Error = (*Error)(nil)

// Check turns a return code of libuv into an error: nil when rc is not
// negative, an [*Error] of op otherwise.
func Check(op string, rc int) error {
	return CheckAddr(op, "", rc)
}

// CheckAddr is [Check] for an operation on an address or a path.
func CheckAddr(op, addr string, rc int) error {
	if rc >= 0 {
		return nil
	}
	return &Error{Op: op, Errno: Errno(rc), Addr: addr}
}

// Fail makes the error of an operation that failed with a code: an [*Error].
func Fail(op string, errno Errno) error { return &Error{Op: op, Errno: errno} }

// FailAddr is [Fail] for an operation on an address or a path.
func FailAddr(op, addr string, errno Errno) error { return &Error{Op: op, Errno: errno, Addr: addr} }

// Error returns a line such as
// "tcp bind 127.0.0.1:80: permission denied (EACCES)".
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Addr != "" {
		if e.Op != "" {
			b.WriteByte(' ')
		}
		b.WriteString(e.Addr)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Errno.Error())
	if e.Errno.entry() != nil {
		b.WriteString(" (" + e.Errno.Name() + ")")
	}
	return b.String()
}

// Unwrap returns the code, so that errors.Is(err, uv.ECONNREFUSED) holds and
// everything that [Errno.Is] matches does too.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Errno
}

// Timeout is [Errno.Timeout] of the code.
func (e *Error) Timeout() bool { return e != nil && e.Errno.Timeout() }

// Temporary is [Errno.Temporary] of the code.
func (e *Error) Temporary() bool { return e != nil && e.Errno.Temporary() }

// An OpError is a call that fails before libuv is asked, or that its context has ended. Err
// is ErrClosed, ErrRunning, ErrAdopted, ErrNotOwner, ErrInCallback, or the error of the
// context.
type OpError struct {
	Op  string
	Err error
}

// Error returns the call and the reason.
func (e *OpError) Error() string {
	if e == nil {
		return "<nil>"
	}
	return fmt.Sprintf("%s: %v", e.Op, e.Err)
}

// Unwrap returns the reason.
func (e *OpError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Errors that Go finds before libuv is asked.
var (
	// ErrClosed is the error of a call on a handle or loop that is closed or
	// closing. errors.Is matches it with net.ErrClosed and fs.ErrClosed, and with
	// EINVAL, which is what libuv answers.
	ErrClosed error = &sentinel{"uv: use of closed handle or loop", []error{net.ErrClosed, fs.ErrClosed, EINVAL, syscall.EINVAL}}

	// ErrLibraryShutdown is the error of making a loop after libuv has been shut
	// down for the whole process.
	ErrLibraryShutdown error = &sentinel{msg: "uv: libuv has been shut down"}

	// ErrRunning is the error of running a loop that runs already.
	ErrRunning error = &sentinel{msg: "uv: loop is already running"}

	// ErrAdopted is the error of running a loop that a host runs.
	ErrAdopted error = &sentinel{msg: "uv: the loop is run by its host"}

	// ErrNotOwner is the error of using a loop, or a handle or request of it,
	// from a goroutine other than the one that runs it. Elsewhere than on amd64
	// and arm64 only debug mode (uvgo.WithDebug) finds it.
	ErrNotOwner error = &sentinel{msg: "uv: call from a goroutine that does not run the loop"}

	// ErrInCallback is the error of a call that waits, made in a callback of a loop that
	// cannot be lent meanwhile: one that another program runs, or that belongs to a
	// thread. The call would hold that loop up, and wait for ever if it waits for the same
	// loop. Shutdown of a group or server returns it in every callback. errors.Is
	// matches it with EDEADLK.
	ErrInCallback error = &sentinel{"uv: call that waits, in a callback of a loop that cannot go on meanwhile", []error{syscall.EDEADLK}}
)

// A sentinel is an error that errors.Is also matches with others.
type sentinel struct {
	msg string
	is  []error
}

func (s *sentinel) Error() string { return s.msg }

func (s *sentinel) Is(target error) bool {
	for _, err := range s.is {
		if err == target {
			return true
		}
	}
	return false
}
