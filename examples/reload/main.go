// Reload is an HTTP server that replaces its own process, on SIGHUP, by one of the binary that is on disk then. No request is
// refused or lost. If the new binary does not start, the old process goes on. Try it:
//
//	go build -o /tmp/server ./examples/reload && /tmp/server 127.0.0.1:8080 &
//	curl http://127.0.0.1:8080/
//	go build -ldflags '-X main.version=two' -o /tmp/server.new ./examples/reload && mv /tmp/server.new /tmp/server
//	pkill -HUP server
//	curl http://127.0.0.1:8080/
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/uvgo/uvgo/reload"
	"github.com/uvgo/uvgo/uvhttp"
)

var version = "one"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reload ADDRESS:PORT")
		os.Exit(2)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, os.Interrupt)
	ln, err := reload.Listen("tcp", os.Args[1]) // made here, or by the process before
	if err != nil {
		log.Fatal(err)
	}
	srv := &uvhttp.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "version %s, process %d\n", version, os.Getpid())
		}),
		ShutdownGrace: time.Second, // for requests that are on their way when this process ends
	}
	go func() {
		if err := srv.Serve(ln); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	fmt.Printf("version %s serves on %v, process %d\n", version, ln.Addr(), os.Getpid())
	if err := reload.Ready(); err != nil { // from here on the process before may end
		log.Fatal(err)
	}
	for sig := range signals {
		if sig != syscall.SIGHUP {
			break
		}
		limit, cancel := context.WithTimeout(context.Background(), time.Minute)
		err := reload.Do(limit)
		cancel()
		if err == nil {
			break // the new process serves
		}
		fmt.Println(err)
	}
	limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := srv.Shutdown(limit); err != nil {
		log.Fatal(err)
	}
	reload.Close()
	fmt.Printf("version %s has ended\n", version)
}
