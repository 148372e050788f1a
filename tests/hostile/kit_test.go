package hostile

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/server"
)

// serveAll is serve with a Close at once instead of an orderly end.
func serveAll(s *server.Server, addrs ...string) (stop func()) {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	uvtest.Must(0, s.Listen(addrs...))
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- s.Serve(ctx) }()
	return func() { cancel(); <-served }
}

// await waits for what another goroutine or process brings about; a watchdog
// ends what never comes.
func await(done func() bool) {
	for i := 0; !done(); i++ {
		if runtime.Gosched(); i > 10 {
			time.Sleep(100 * time.Microsecond) // leave the processor to others
		}
	}
}

// hostileFor is how long peers are hostile to each way of waiting where time is
// the point.
func hostileFor() time.Duration {
	if os.Getenv("UVGO_LONG") == "1" {
		return time.Minute
	}
	return time.Second
}
