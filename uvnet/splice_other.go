//go:build unix && !linux

package uvnet

import (
	"io"
	"syscall"
)

// A drain is where splice puts bytes: nowhere here.
type drain struct{}

func drainOf(io.Writer) *drain { return nil }

func (c *conn) spliceTo(*drain, int64, int) (int64, error) { return 0, nil }

func (c *conn) spliceFrom(any, syscall.RawConn, int64) (int64, bool, error) { return 0, false, nil }
