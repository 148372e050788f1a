//go:build unix && !linux

package uvnet

import (
	"io"
	"syscall"
)

// A spliceTarget is where splice puts bytes: nowhere here.
type spliceTarget struct{}

func spliceTargetOf(io.Writer) *spliceTarget { return nil }

func (c *conn) spliceTo(*spliceTarget, int64, int) (int64, error) { return 0, nil }

func (c *conn) spliceFrom(any, syscall.RawConn, int64) (int64, bool, error) { return 0, false, nil }
