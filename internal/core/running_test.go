package core

import (
	"fmt"
	"sync"
	"testing"
)

// TestRunningFindsTheLoopOfACallback: among loops that other goroutines run, and nowhere else.
func TestRunningFindsTheLoopOfACallback(t *testing.T) {
	const loops = 20
	release := make(chan struct{})
	var runs sync.WaitGroup
	var begun sync.WaitGroup
	begun.Add(loops)
	for range loops {
		c := newCore(t, Config{})
		runs.Go(func() {
			_ = c.Begin("test")
			begun.Done()
			begun.Wait()
			if Running() != c {
				t.Error("a goroutine does not find its own loop")
			}
			<-release
			c.End()
			if Running() != nil {
				t.Error("a loop is found behind its end")
			}
		})
	}
	begun.Wait()
	if Running() != nil {
		t.Error("a goroutine that runs no loop is in a callback")
	}
	close(release)
	runs.Wait()
	for i := range owners {
		if n := owners[i].Load(); n != 0 {
			t.Errorf("%d goroutines are left at %d", n, i)
		}
	}
}

func BenchmarkRunning(b *testing.B) {
	for _, loops := range []int{1, 256} {
		b.Run(fmt.Sprint(loops), func(b *testing.B) {
			release := make(chan struct{})
			for range loops {
				c, began, ended := newCore(b, Config{}), make(chan struct{}), make(chan struct{})
				go func() {
					defer close(ended)
					_ = c.Begin("test")
					close(began)
					<-release
					c.End()
				}()
				<-began
				defer func() { <-ended }()
			}
			for b.Loop() {
				if Running() != nil {
					b.Fatal("in a callback")
				}
			}
			close(release)
		})
	}
}
