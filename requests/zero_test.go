package requests_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
)

func TestZeroRequestsAnswerWithErrors(t *testing.T) {
	uvtest.ZeroValues(t, nil,
		requests.FS{}, requests.Dir{}, requests.Lookup{}, requests.ReverseLookup{}, requests.Random{}, requests.Work{})
}
