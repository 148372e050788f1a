package interop

import (
	"context"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// eachStack runs a test on uvnet and then on package net: what fails on uvnet
// alone is uvnet's fault.
func eachStack(t *testing.T, test func(t *testing.T, p stack)) {
	t.Helper()
	for _, p := range []stack{ofUvnet, ofNet} {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

// bounded is the test's context with an end, and says where a test hangs that
// does not heed it.
func bounded(t testing.TB) context.Context {
	t.Helper()
	uvtest.Watchdog(t, 3*time.Minute)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// scale is full, or in -short runs less.
func scale(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}
