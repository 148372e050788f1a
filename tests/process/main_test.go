// Package process tests what programs need that have closed standard descriptors, or pass descriptors
// to each other.
package process

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }
