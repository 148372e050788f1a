// Command echo-uvnet is echo-net on uvnet. There is no other difference.
package main

import (
	"github.com/uvgo/uvgo/bench/internal/echo"
	"github.com/uvgo/uvgo/uvnet"
)

func main() { echo.Main(echo.Stack{Listen: uvnet.Listen, ListenPacket: uvnet.ListenPacket}.Serve) }
