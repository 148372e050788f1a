package keepalive

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// options asks the kernel for a connection's probes.
func options(t *testing.T, c net.Conn) (got [4]int) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		for i, o := range [4][2]int{
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE}, {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL}, {unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
		} {
			got[i], _ = unix.GetsockoptInt(int(fd), o[0], o[1])
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestAsPackageNet compares what Set does with what package net's listener does.
func TestAsPackageNet(t *testing.T) {
	for _, lc := range []net.ListenConfig{
		{},
		{KeepAlive: -1},
		{KeepAlive: 1500 * time.Millisecond},
		{KeepAlive: time.Hour, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 20 * time.Second, Interval: 3 * time.Second, Count: 4}},
		{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: -1, Interval: -1, Count: -1}},
		{KeepAlive: -1, KeepAliveConfig: net.KeepAliveConfig{Enable: true}},
	} {
		t.Run(fmt.Sprint(lc.KeepAlive, lc.KeepAliveConfig), func(t *testing.T) {
			ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			client, err := (&net.Dialer{KeepAlive: -1}).Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			theirs, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer theirs.Close()
			raw, err := client.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config(lc.KeepAlive, lc.KeepAliveConfig)
			if err := raw.Control(func(fd uintptr) {
				if cfg.Enable {
					err = Set(int(fd), cfg)
				}
			}); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(options(t, theirs), options(t, client)); diff != "" {
				t.Errorf("package net's and ours (-want +got):\n%s", diff)
			}
		})
	}
}
