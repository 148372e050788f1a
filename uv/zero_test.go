package uv_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestZeroValuesDoNotPanic(t *testing.T) {
	uvtest.ZeroValues(t, []string{
		"Error.Unwrap", "OpError.Unwrap", "PanicError.Unwrap",
	}, uv.Error{}, uv.OpError{}, uv.PanicError{}, uv.Stat{}, uv.Stats{}, uv.Histogram{})
}
