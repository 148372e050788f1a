// Package hostile has peers, callbacks and signals that behave badly.
package hostile

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }
