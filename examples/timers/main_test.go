package main

import (
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestTimers(t *testing.T) {
	const want = "once\ntick 1\ntick 2\ntick 3\nin time\n"
	if got := uvtest.Start(t, "main").Wait(0); got != want {
		t.Errorf("output %q, want %q", got, want)
	}
}
