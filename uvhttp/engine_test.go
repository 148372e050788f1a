package uvhttp

import (
	"log"
	"strings"
	"testing"
)

func TestErrorLogLinesHaveOneTimeAndNoLevel(t *testing.T) {
	var out strings.Builder
	s := &Server{ErrorLog: log.New(&out, "p: ", 0)}
	s.logger().Info("a message", "total", 1)
	if got, want := out.String(), "p: msg=\"a message\" total=1\n"; got != want {
		t.Errorf("ErrorLog got %q, want %q", got, want)
	}
}
