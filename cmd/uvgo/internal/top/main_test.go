package top

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }
