// Package alloc tests that what a busy program does again and again allocates nothing.
package alloc

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }
