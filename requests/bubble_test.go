package requests_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
)

// TestContextFormsInBubble: goroutines of a bubble of testing/synctest wait for a
// loop outside of it, and may end the wait by contexts of the bubble.
func TestContextFormsInBubble(t *testing.T) {
	for _, park := range []uvgo.Parking{uvgo.ParkThread, uvgo.ParkGoroutine} {
		l := looptest.New(t, uvgo.WithParking(park))
		running(t, l)
		synctest.Test(t, func(t *testing.T) {
			for range 100 {
				ctx, cancel := context.WithCancel(t.Context())
				if b, err := requests.RandomBytesContext(ctx, l, 8); len(b) != 8 || err != nil {
					t.Fatalf("%v, %v", b, err)
				}
				if list, err := requests.GetAddrInfoContext(ctx, l, "localhost", "", stream); len(list) == 0 || err != nil {
					t.Fatalf("%v, %v", list, err)
				}
				cancel()
				_, err := requests.RandomBytesContext(ctx, l, 8)
				uvtest.IsErr(t, "ended before", err, context.Canceled)
			}
		})
	}
}

// TestContextEndsInBubble: the loop finds a context of a bubble ended.
func TestContextEndsInBubble(t *testing.T) {
	l := looptest.New(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := requests.RandomBytesContext(ctx, l, 8) // nobody runs the loop
		uvtest.IsErr(t, "ended meanwhile", err, context.Canceled)
		synctest.Wait()
	})
	looptest.Run(t, l)
}
