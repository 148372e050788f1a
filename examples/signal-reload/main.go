// Signal-reload reads its configuration again on SIGHUP, without a restart. It keeps
// the old configuration if the new one is invalid. Try it:
//
//	echo '{"greeting": "hello", "every": "1s"}' > /tmp/conf.json
//	go run ./examples/signal-reload /tmp/conf.json & # when it says loaded:
//	echo '{"greeting": "good day", "every": "300ms"}' > /tmp/conf.json
//	pkill -HUP signal-reload
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

type config struct {
	Greeting string `json:"greeting"`
	Every    string `json:"every"` // how often to greet
}

// A greeter prints a greeting from its configuration, by a timer.
type greeter struct {
	path  string
	timer *handles.Timer
}

// load reads the configuration and uses it. After an error nothing has changed.
func (g *greeter) load() error {
	text, err := os.ReadFile(g.path) // blocks the loop, but not for long: the file is small and local
	if err != nil {
		return err
	}
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("%s: %w", g.path, err)
	}
	every, err := time.ParseDuration(c.Every)
	if err != nil || every <= 0 {
		return fmt.Errorf("every: %q is no interval", c.Every)
	}
	fmt.Printf("loaded: %q every %v\n", c.Greeting, every)
	return g.timer.Start(0, every, func() { fmt.Println(c.Greeting) }) // replaces the old function
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: signal-reload FILE")
		os.Exit(2)
	}
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		timer, err := l.NewTimer()
		if err != nil {
			return err
		}
		g := &greeter{os.Args[1], timer}
		if err := g.load(); err != nil {
			return err // at the start a bad configuration is fatal
		}

		hup, err := l.NewSignal()
		if err != nil {
			return err
		}
		// Unlike a signal handler in C, the callback runs on the loop's goroutine and may call anything.
		err = hup.Start(syscall.SIGHUP, func(os.Signal) {
			if err := g.load(); err != nil {
				fmt.Println("kept the old configuration:", err)
			}
		})
		if err != nil {
			return err
		}

		term, err := l.NewSignal()
		if err != nil {
			return err
		}
		return term.Start(syscall.SIGTERM, func(os.Signal) {
			fmt.Println("bye")
			l.Stop() // uvgo.Run then closes all handles
		})
	})
	if err != nil {
		log.Fatal(err)
	}
}
