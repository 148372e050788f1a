package harness

import (
	"context"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
)

// Serve is the main function of a server program. parse reads its arguments, and serve serves until the context ends, which SIGTERM
// or an interrupt brings about. An error ends the program with status 1, unless the context has ended.
func Serve[O any](parse func(args []string) (O, error), serve func(ctx context.Context, o O) error) {
	log.SetFlags(0)
	log.SetPrefix(filepath.Base(os.Args[0]) + ": ")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = serve(ctx, o)
	}
	if err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// FreeOnSignal makes SIGUSR1 return free memory to the system.
func FreeOnSignal() {
	usr1 := make(chan os.Signal, 1)
	signal.Notify(usr1, syscall.SIGUSR1)
	go func() {
		for range usr1 {
			debug.FreeOSMemory()
			debug.FreeOSMemory() // takes what the first one's finalizers freed
		}
	}()
}
