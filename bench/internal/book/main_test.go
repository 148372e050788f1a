package book

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }
