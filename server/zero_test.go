package server_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

func TestZeroServerAndConnAnswerWithErrors(t *testing.T) {
	uvtest.ZeroValues(t, []string{"Server", "LengthPrefix"}, server.Conn{}, server.PacketConn{}, server.Server{}, server.LengthPrefix{}, server.Stats{}, server.Closed{})
}
