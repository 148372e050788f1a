package main

import (
	"bufio"
	"net"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestOrdersSurviveAnUpgrade: a supervisor that executes its new program hangs up on whoever has asked, and the new one has the same socket.
func TestOrdersSurviveAnUpgrade(t *testing.T) {
	for _, tt := range []struct {
		order []string
		ends  bool // the supervisor, before it answers
		asked int
	}{
		{[]string{"reload"}, false, 2}, {[]string{"stop"}, false, 2}, {[]string{"stop"}, true, 1}, {[]string{"scale", "3"}, false, 2},
	} {
		path := uvtest.SocketPath(t)
		ln := uvtest.Must(net.Listen("unix", path))
		asked := make(chan string, 2)
		go func() {
			defer close(asked)
			for n := 1; ; n++ {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				line, _ := bufio.NewReader(c).ReadString('\n')
				asked <- line
				if tt.ends {
					ln.Close()
				}
				if n == 2 {
					_, _ = c.Write([]byte("{}\n"))
				}
				c.Close()
			}
		}()
		out := start(t, append(append([]string{"workers"}, tt.order...), "--control", path)...).wait(0)
		ln.Close()
		n := 0
		for range asked {
			n++
		}
		if out != "done\n" || n != tt.asked {
			t.Errorf("%v: it was asked %d times, and prints %q", tt.order, n, out)
		}
	}
}
