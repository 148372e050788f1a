package docs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvhttp"
)

const troubles = "docs/troubleshooting.md"

// quoted returns the lines of the page's blocks of text: the messages.
func quoted(t *testing.T) []string {
	t.Helper()
	var all []string
	in := false
	for line := range strings.Lines(readPage(t, troubles)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "```text":
			in = true
		case line == "```":
			in = false
		case in:
			all = append(all, line)
		}
	}
	if len(all) < 10 {
		t.Fatalf("%s quotes only %d messages", troubles, len(all))
	}
	return all
}

// TestMessagesOfRunningPrograms: the messages that the page quotes are what programs print.
func TestMessagesOfRunningPrograms(t *testing.T) {
	said := strings.Join(append(returned(t), logged(t)), "\n") // what was said
	for _, want := range quoted(t) {
		if !running.MatchString(want) {
			continue
		}
		if !strings.Contains(said, want) {
			t.Errorf("%s quotes %q, and programs say\n%s", troubles, want, said)
		}
	}
	for _, err := range []error{uv.ErrNotOwner, uv.ErrClosed, uv.ErrInCallback} {
		if !strings.Contains(strings.Join(quoted(t), "\n"), err.Error()) {
			t.Errorf("%s does not explain %q", troubles, err)
		}
	}
}

// running matches the messages of programs that run.
var running = regexp.MustCompile(`^(tcp |too many|timer |uvgo: |loop close|uv: )`)

// returned makes the mistakes of the page, and returns the errors.
func returned(t *testing.T) []string {
	t.Helper()
	var all []string
	note := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("no error")
			return
		}
		all = append(all, err.Error())
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	note((&server.Server{Handler: nobody{}}).ListenAndServe(context.Background(), "tcp://"+ln.Addr().String()))
	note(uvhttp.ListenAndServe(ln.Addr().String(), http.NotFoundHandler()))

	l, err := uvgo.New()
	if err != nil {
		t.Fatal(err)
	}
	timer, err := l.NewTimer()
	if err != nil {
		t.Fatal(err)
	}
	note(l.Close()) // with an open handle
	elsewhere := make(chan error)
	err = timer.Start(0, 0, func() {
		go func() { elsewhere <- timer.Stop() }()
		note(<-elsewhere)
		timer.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	note(timer.Stop()) // after Close
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return append(all, (&uv.Error{Errno: uv.EMFILE}).Error(), uv.ErrInCallback.Error())
}

// logged makes the mistakes of which a loop's log tells, and returns the log.
func logged(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	l, err := uvgo.New(uvgo.WithLogger(slog.New(slog.NewTextHandler(&out, nil))), uvgo.WithSlowCallback(time.Nanosecond))
	if err != nil {
		t.Fatal(err)
	}
	timer, err := l.NewTimer()
	if err != nil {
		t.Fatal(err)
	}
	err = timer.Start(0, 0, func() {
		done := make(chan struct{})
		go func() {
			timer.Ref()
			close(done)
		}()
		<-done
		timer.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Run(context.Background()), l.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// nobody is a handler that is never called.
type nobody struct{}

func (nobody) Open(*server.Conn)         {}
func (nobody) Data(*server.Conn, []byte) {}
func (nobody) Close(*server.Conn, error) {}

// needs matches the messages of builds in the sources.
var needs = regexp.MustCompile(`(?m)^(?:const _ int = |#error )"(.*)"$`)

// TestMessagesOfBuilds: what the page quotes of our own sources is there, and the page explains all that
// a build says.
func TestMessagesOfBuilds(t *testing.T) {
	var messages []string
	for _, pattern := range []string{"cuv/need_*.go", "cuv/*.h", "server/drop.go"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, names, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if pattern == "server/drop.go" {
				messages = append(messages, string(text))
				continue
			}
			for _, m := range needs.FindAllStringSubmatch(string(text), -1) {
				messages = append(messages, m[1])
				if cause, _, _ := strings.Cut(m[1], ":"); strings.HasPrefix(cause, "uvgo needs") && !strings.Contains(strings.Join(quoted(t), "\n"), cause) {
					t.Errorf("%s: %q is not explained in %s", name, cause, troubles)
				}
			}
		}
	}
	sources := strings.Join(messages, "\n")
	for _, want := range quoted(t) {
		if strings.HasPrefix(want, "uvgo needs") || strings.HasPrefix(want, "server: ") {
			if !strings.Contains(sources, want) {
				t.Errorf("%s quotes %q, and the sources say\n%s", troubles, want, sources)
			}
		}
	}
}
