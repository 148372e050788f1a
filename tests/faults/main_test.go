// Package faults has faults on purpose: memory, descriptors, disks, clocks, resolvers and
// peers that fail. docs/reliability.md says what is promised for each.
package faults

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }
