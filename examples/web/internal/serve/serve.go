package serve

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/uvhttp"
)

// Main serves at the address of the flag -addr. At SIGINT or SIGTERM it answers the requests under way, and returns.
func Main(s *uvhttp.Server) {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes any")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		stop() // a second signal ends the program at once
		wait, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		done <- s.Shutdown(wait)
	})
	if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	if err := <-done; err != nil { // Serve returns when Shutdown begins
		log.Fatal(err)
	}
}
