package uvnet

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// errLoopClosed is the error of an operation that needs a loop which was shut
// down.
var errLoopClosed error = &loopClosed{}

type loopClosed struct{}

func (*loopClosed) Error() string        { return "uvnet: the loop is closed" }
func (*loopClosed) Is(target error) bool { return target == net.ErrClosed }

// An unsupported is the error for a network that package net has and uvnet has not.
type unsupported string

func (u unsupported) Error() string {
	return "network " + string(u) + " is not supported by uvnet: use package net"
}

func (u unsupported) Is(target error) bool {
	return target == errors.ErrUnsupported || target == syscall.ENOTSUP
}

func (u unsupported) Timeout() bool   { return false }
func (u unsupported) Temporary() bool { return false }

// A timeout is what package net reports when a context's deadline ends a dial.
type timeout struct{}

func (timeout) Error() string        { return "i/o timeout" }
func (timeout) Timeout() bool        { return true }
func (timeout) Temporary() bool      { return true }
func (timeout) Is(target error) bool { return target == context.DeadlineExceeded }

// A canceled is what package net reports when a context is cancelled.
type canceled struct{}

func (canceled) Error() string        { return "operation was canceled" }
func (canceled) Is(target error) bool { return target == context.Canceled }

// contextError is package net's error for a context's.
func contextError(err error) error {
	switch err {
	case context.Canceled:
		return canceled{}
	case context.DeadlineExceeded:
		return timeout{}
	}
	return err
}

var errMissingAddress = errors.New("missing address")
