package uvnet_test

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

func TestZeroConnectionsAnswerWithErrors(t *testing.T) {
	uvtest.ZeroValues(t,
		// Their zero values are for use; nil ones panic, as package net's.
		[]string{"!Dialer", "!ListenConfig", "!Net", "!Resolver"},
		uvnet.Dialer{}, uvnet.ListenConfig{}, uvnet.Net{}, uvnet.Resolver{}, uvnet.Stats{},
		uvnet.TCPConn{}, uvnet.TCPListener{}, uvnet.UDPConn{}, uvnet.UnixConn{}, uvnet.UnixListener{}, uvnet.UnixgramConn{})
}
