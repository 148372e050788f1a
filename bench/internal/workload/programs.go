package workload

import "github.com/uvgo/uvgo/bench/internal/book"

// loadC is the load generator in C, and loadGo the one in Go, which knows TLS and HTTP.
var (
	loadC = book.Program{Name: "load", C: []string{
		"load.c", "load-window.c", "load-dial.c", "load-echo.c", "load-udp.c", "load-idle.c", "load-flood.c", "message.c", "common.c",
	}}
	loadGo = book.Program{Name: "serverload", Go: "./serverload"}
)

// goServer is a server in Go.
func goServer(name string, args ...string) book.Command {
	return book.Command{Program: book.Program{Name: name, Go: "./" + name}, Args: args}
}

// cServer is a server in C.
func cServer(name string, uv bool) book.Command {
	return book.Command{Program: book.Program{Name: name, C: []string{name + ".c", "common.c"}, UV: uv}}
}

// python is a script in the directory of that name.
func python(name string, args ...string) book.Command {
	return book.Command{Program: book.Program{Name: name + ".py", Python: "python/" + name + ".py"}, Args: args}
}

// pick returns those of the commands whose peers are named.
func pick(all map[string]book.Command, names ...string) map[string]book.Command {
	some := map[string]book.Command{}
	for _, name := range names {
		if c, ok := all[name]; ok {
			some[name] = c
		}
	}
	return some
}
