// Command echo-net is the echo server of package net: a goroutine for each connection.
package main

import (
	"net"

	"github.com/uvgo/uvgo/bench/internal/echo"
)

func main() { echo.Main(echo.Stack{Listen: net.Listen, ListenPacket: net.ListenPacket}.Serve) }
