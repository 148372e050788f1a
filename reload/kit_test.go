package reload

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
)

// signals returns a channel that gets SIGHUP and SIGTERM.
func signals() chan os.Signal {
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGHUP, syscall.SIGTERM)
	return c
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
