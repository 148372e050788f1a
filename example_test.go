package uvgo_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/uvgo/uvgo"
)

// Run makes a loop, sets it up, and runs it until nothing is left to do.
func Example() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		fmt.Println("set up")
		_, err := l.AfterFunc(time.Millisecond, func() { fmt.Println("a millisecond later") })
		return err
	})
	fmt.Println("done:", err)
	// Output:
	// set up
	// a millisecond later
	// done: <nil>
}

func ExampleNew() {
	l, err := uvgo.New(uvgo.WithParking(uvgo.ParkGoroutine))
	if err != nil {
		log.Fatal(err)
	}
	timer, err := l.NewTimer()
	if err != nil {
		log.Fatal(err)
	}
	err = timer.Start(0, 0, func() {
		fmt.Println("in the loop")
		timer.Close() // every handle is closed, then the loop
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Run(context.Background()), l.Close())
	// Output:
	// in the loop
	// <nil> <nil>
}

func ExampleLoop_AfterFunc() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		late, err := l.AfterFunc(time.Hour, func() { fmt.Println("never") })
		if err != nil {
			return err
		}
		_, err = l.AfterFunc(time.Millisecond, func() {
			fmt.Println("soon")
			late.Close()
		})
		return err
	})
	fmt.Println(err)
	// Output:
	// soon
	// <nil>
}

// Work that would block the loop belongs on a goroutine, which posts what
// touches the loop's handles.
func ExampleLoop_Post() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		waiting, err := l.AfterFunc(time.Minute, func() { fmt.Println("no answer") })
		if err != nil {
			return err
		}
		go func() {
			answer := 6 * 7 // which takes long
			err := l.Post(func() {
				fmt.Println("the answer is", answer)
				waiting.Close()
			})
			if err != nil {
				log.Print(err) // the loop has ended
			}
		}()
		return nil
	})
	fmt.Println(err)
	// Output:
	// the answer is 42
	// <nil>
}

// A context ends Run; Shutdown then closes what is still open.
func ExampleLoop_Run() {
	l, err := uvgo.New()
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	timer, err := l.NewTimer()
	if err != nil {
		log.Fatal(err)
	}
	ticks := 0
	err = timer.Start(time.Millisecond, time.Millisecond, func() {
		if ticks++; ticks == 3 {
			cancel()
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	err = l.Run(ctx)
	fmt.Println(errors.Is(err, context.Canceled), ticks >= 3)
	fmt.Println(l.Shutdown(context.Background()))
	// Output:
	// true true
	// <nil>
}

// A group runs several loops, each on a goroutine of its own.
func ExampleGroup() {
	g, err := uvgo.NewGroup(2)
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- g.Run(context.Background()) }()

	var work sync.WaitGroup
	sums := make([]int, 4)
	for i := range sums {
		work.Add(1)
		if err := g.Next().Post(func() {
			sums[i] = i * i
			work.Done()
		}); err != nil {
			log.Fatal(err)
		}
	}
	work.Wait()
	fmt.Println(sums, g.Shutdown(context.Background()), <-ended)
	// Output: [0 1 4 9] <nil> <nil>
}
