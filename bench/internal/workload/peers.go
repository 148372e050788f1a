package workload

import "github.com/uvgo/uvgo/bench/internal/book"

// peers in the order of the tables.
func peers() []book.Peer {
	return []book.Peer{
		{Name: "uvgo", Title: "uvgo, package server", Language: "Go", Version: book.Own, Settings: "one loop, an ordinary handler; nothing is set for the benchmark"},
		{Name: "epoll", Title: "epoll in C", Language: "C", Version: book.Compiler, Settings: "level-triggered, writes right after each read, -O2"},
		{Name: "libuv", Title: "libuv in C", Language: "C", Version: book.Libuv, Settings: "one shared read buffer of 64 KiB, uv_try_write first, -O2"},
		{Name: "net", Title: "package net", Language: "Go", Version: book.GoStd, Settings: "a goroutine with a buffer of 16 KiB for each connection"},
		{Name: "gnet", Title: "gnet", Language: "Go", Version: book.GoModule("github.com/panjf2000/gnet/v2"), Settings: "one event loop, TCP_NODELAY"},
	}
}
