package server_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

func TestZeroServerAndConnAnswerWithErrors(t *testing.T) {
	// Draining and Ended are the tests' own.
	uvtest.ZeroValues(t, []string{"Server", "!Draining", "!Ended"}, server.Conn{}, server.Server{})
}
