package workload

import (
	"slices"

	"github.com/uvgo/uvgo/bench/internal/book"
)

// Book lists all peers and workloads, in the order of the page.
func Book() *book.Book {
	return &book.Book{Peers: peers(), Workloads: slices.Concat(echoes())}
}

// loadC is the load generator in C.
var loadC = book.Program{Name: "load", C: []string{"load.c", "load-dial.c", "load-echo.c", "load-idle.c", "message.c", "common.c"}}
