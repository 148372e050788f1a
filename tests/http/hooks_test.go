package http

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestShutdownFunctions: each Shutdown calls the functions of RegisterOnShutdown, also behind another one, and behind a Close, which calls
// none.
func TestShutdownFunctions(t *testing.T) {
	for _, calls := range []string{"S", "SS", "C", "CS", "CSS", "SCS", "CC"} {
		t.Run(calls, func(t *testing.T) {
			alike(t, nil, func(t *testing.T, s *http.Server, start starter) (notes []string) {
				b := start()
				p := dialHost(t, b.addr)
				p.ask(t, get("/"), "404")
				go p.leave()
				var called atomic.Int64
				for range 2 {
					b.onShutdown(func() { called.Add(1) })
				}
				due := int64(0)
				for _, call := range calls {
					if call == 'C' {
						uvtest.Check(t, b.Close())
					} else {
						uvtest.Check(t, b.Shutdown(context.Background()))
						due += 2
					}
					wait(func() bool { return called.Load() >= due })
					notes = append(notes, fmt.Sprint(string(call), called.Load()))
				}
				return notes
			})
		})
	}
}
