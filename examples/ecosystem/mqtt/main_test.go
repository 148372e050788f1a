package main

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("main", main) }

func TestMain(m *testing.M) { uvtest.Main(m) }

// TestMessagesReachSubscribers: two clients subscribe, and get what others publish to their topics, and
// nothing else.
func TestMessagesReachSubscribers(t *testing.T) {
	uvtest.Watchdog(t, 3*time.Minute)
	p := uvtest.Start(t, "main", "-addr", "127.0.0.1:0")
	addr := p.Expect(`^listening on (.*)`)
	house := uvtest.Start(t, "main", "-addr", addr, "-subscribe", "house/#")
	house.Expect(`^subscribed to house/#`)
	kitchen := uvtest.Start(t, "main", "-addr", addr, "-subscribe", "house/+/kitchen")
	kitchen.Expect(`^subscribed to`)
	for i := range 3 {
		uvtest.Start(t, "main", "-addr", addr, "-publish", "house/cellar", "-text", fmt.Sprint(i)).Wait(0)
	}
	uvtest.Start(t, "main", "-addr", addr, "-publish", "garden", "-text", "not for them").Wait(0)
	uvtest.Start(t, "main", "-addr", addr, "-publish", "house/1/kitchen", "-text", "21 degrees").Wait(0)
	for _, want := range []string{"house/cellar: 0", "house/cellar: 1", "house/cellar: 2", "house/1/kitchen: 21 degrees"} {
		if got := house.Expect(`.*`); got != want {
			t.Errorf("house/# got %q, want %q", got, want)
		}
	}
	if got, want := kitchen.Expect(`.*`), "house/1/kitchen: 21 degrees"; got != want {
		t.Errorf("house/+/kitchen got %q, want %q", got, want)
	}
	for _, p := range []*uvtest.Program{house, kitchen, p} {
		p.Signal(syscall.SIGTERM)
		p.Wait(0)
	}
}

func TestNobodyListens(t *testing.T) {
	uvtest.Start(t, "main", "-addr", uvtest.RefusingTCP(t).String(), "-publish", "x").Wait(1)
}
