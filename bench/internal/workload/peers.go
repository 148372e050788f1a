package workload

import "github.com/uvgo/uvgo/bench/internal/book"

// peers in the order of the tables. Every server has one CPU, so one loop or one poller.
func peers() []book.Peer {
	uvloop := book.Python("python3-uvloop", "uvloop")
	asyncio := book.Python("python3")
	return []book.Peer{
		{Name: "uvgo", Own: true, Title: "uvgo, package server", Language: "Go", Version: book.Own,
			Settings: "one loop, an ordinary handler; nothing is set for the benchmark"},
		{Name: "uvgo-loop", Own: true, Title: "uvgo, a loop", Language: "Go", Version: book.Own,
			Settings: "handles and requests on one loop, as a program on libuv has them"},
		{Name: "uvnet", Own: true, Title: "uvgo, package uvnet", Language: "Go", Version: book.Own,
			Settings: "the same program as for package net"},
		{Name: "uvhttp", Own: true, Title: "uvgo, package uvhttp", Language: "Go", Version: book.Own,
			Settings: "one loop, the same http.Handler as for net/http"},
		{Name: "epoll", Title: "epoll in C", Language: "C", Version: book.Compiler,
			Settings: "level-triggered, writes right after each read, -O2"},
		{Name: "libuv", Title: "libuv in C", Language: "C", Version: book.Libuv,
			Settings: "one shared read buffer of 64 KiB, uv_try_write first, uv_write of what is left, -O2"},
		{Name: "net", Title: "package net", Language: "Go", Version: book.GoStd,
			Settings: "a goroutine for each connection, with a buffer of 16 KiB, or of 64 KiB where messages are longer"},
		{Name: "net/http", Title: "net/http", Language: "Go", Version: book.GoStd, Settings: "the defaults"},
		{Name: "std", Title: "Go's library", Language: "Go", Version: book.GoStd,
			Settings: "what a Go program without a loop calls: time.AfterFunc, os.Stat, os/exec"},
		{Name: "netpoll", Title: "netpoll", Language: "Go", Version: book.GoModule("github.com/cloudwego/netpoll"),
			Settings: "one poller, the zero-copy reader and writer"},
		{Name: "hertz", Title: "hertz", Language: "Go", Version: book.GoModule("github.com/cloudwego/hertz"),
			Settings: "the defaults, on netpoll; HTTPS on package net, which hertz wants for it; its own router"},
		{Name: "gnet", Title: "gnet", Language: "Go", Version: book.GoModule("github.com/panjf2000/gnet/v2"),
			Settings: "one event loop, TCP_NODELAY, writes gnet's own read buffer back"},
		{Name: "nbio", Title: "nbio", Language: "Go", Version: book.GoModule("github.com/lesismal/nbio"),
			Settings: "its README's settings with one poller; HTTP with the same http.Handler as for net/http"},
		{Name: "fasthttp", Title: "fasthttp", Language: "Go", Version: book.GoModule("github.com/valyala/fasthttp"),
			Settings: "the defaults; handlers of its own, which do the same work"},
		{Name: "asyncio", Title: "asyncio", Language: "Python", Version: asyncio, Settings: "the defaults"},
		{Name: "uvloop", Title: "uvloop", Language: "Python", Version: uvloop, Settings: "the defaults"},
		{Name: "asyncio-streams", Title: "asyncio, streams", Language: "Python", Version: asyncio,
			Settings: "start_server with a coroutine for each connection, which awaits drain() behind each write"},
		{Name: "asyncio-protocol", Title: "asyncio, protocol", Language: "Python", Version: asyncio,
			Settings: "create_server with a Protocol that pauses reading when its peer does not read"},
		{Name: "uvloop-streams", Title: "uvloop, streams", Language: "Python", Version: uvloop, Settings: "as asyncio's streams"},
		{Name: "uvloop-protocol", Title: "uvloop, protocol", Language: "Python", Version: uvloop, Settings: "as asyncio's protocol"},
		{Name: "uvicorn", Title: "uvicorn", Language: "Python",
			Version:  book.Python("python3-uvicorn python3-uvloop python3-httptools", "uvicorn", "uvloop", "httptools"),
			Settings: "one worker, uvloop, httptools, no access log and no lifespan; a bare ASGI application"},
	}
}
