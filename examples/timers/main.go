// Timers shows three uses of timers: to run something once, to repeat something, and a
// deadline that is cancelled. Try it:
//
//	go run ./examples/timers
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/uvgo/uvgo"
)

func main() {
	// Run makes a loop, calls the function, and turns the loop until no work is
	// left: here, until the last timer is done.
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		// Once. The handle closes itself afterwards.
		if _, err := l.AfterFunc(5*time.Millisecond, func() { fmt.Println("once") }); err != nil {
			return err
		}

		// A deadline. After Close its function does not run.
		deadline, err := l.AfterFunc(time.Hour, func() { fmt.Println("too late") })
		if err != nil {
			return err
		}

		// Repeatedly: first after 20 ms, then every 10 ms. An active timer keeps the
		// loop alive until it is stopped or closed.
		ticker, err := l.NewTimer()
		if err != nil {
			return err
		}
		ticks := 0
		return ticker.Start(20*time.Millisecond, 10*time.Millisecond, func() {
			ticks++
			fmt.Println("tick", ticks)
			if ticks == 3 {
				ticker.Close()
				deadline.Close()
				fmt.Println("in time")
			}
		})
	})
	if err != nil {
		log.Fatal(err)
	}
}
