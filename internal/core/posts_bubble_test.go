package core

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestPostContextOfBubble: a loop outside a bubble looks at a context inside.
func TestPostContextOfBubble(t *testing.T) {
	c := newCore(t, Config{})
	ran := ""
	synctest.Test(t, func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		post := func(ctx context.Context, name string) {
			if err := c.PostContext(ctx, func() { ran += name }); err != nil {
				t.Error(err)
			}
		}
		post(ended, "a")
		cancel()
		post(ended, "b")
		post(context.WithoutCancel(ended), "c")
		synctest.Wait()
	})
	if err := runOnce(t, c); err != nil || ran != "c" {
		t.Errorf("%q ran, %v", ran, err)
	}
}
