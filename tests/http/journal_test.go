package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"
)

// A journal holds what handlers note, by the client's address.
type journal struct {
	mu    sync.Mutex
	notes map[string]*notes
}

// notes are those of one connection.
type notes struct {
	lines          []string
	started, ended int
}

func newJournal() *journal { return &journal{notes: make(map[string]*notes)} }

// begin is called when a handler starts. It returns a function that notes a line, and one that says that the
// handler has ended.
func (j *journal) begin(client string) (note func(string), end func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.notes[client]
	if n == nil {
		n = new(notes)
		j.notes[client] = n
	}
	n.started++
	return func(line string) {
			j.mu.Lock()
			n.lines = append(n.lines, line)
			j.mu.Unlock()
		}, func() {
			j.mu.Lock()
			n.ended++
			j.mu.Unlock()
		}
}

// of returns and forgets the notes of a client's connection, once its handlers have ended.
func (j *journal) of(client string) ([]string, error) {
	for end := time.Now().Add(quiet); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		j.mu.Lock()
		n := j.notes[client]
		if n == nil || n.started == n.ended {
			delete(j.notes, client)
			j.mu.Unlock()
			if n == nil {
				return nil, nil
			}
			return slices.Clone(n.lines), nil
		}
		j.mu.Unlock()
	}
	return nil, errors.New("a handler has not returned")
}

// sentinels are errors that handlers compare with.
var sentinels = []struct {
	err  error
	name string
}{
	{io.EOF, "EOF"}, {http.ErrContentLength, "ErrContentLength"},
	{http.ErrBodyNotAllowed, "ErrBodyNotAllowed"}, {http.ErrBodyReadAfterClose, "ErrBodyReadAfterClose"},
	{http.ErrHijacked, "ErrHijacked"}, {http.ErrHandlerTimeout, "ErrHandlerTimeout"},
	{http.ErrNotSupported, "ErrNotSupported"}, {context.Canceled, "Canceled"},
	{os.ErrDeadlineExceeded, "DeadlineExceeded"}, {net.ErrClosed, "net.ErrClosed"},
}

// malformedBody matches what both servers say of chunks that they do not understand.
var malformedBody = regexp.MustCompile(`^(http: 400 Bad Request: .*|malformed chunked encoding|malformed MIME header.*|invalid byte in chunk length|empty hex number for chunk length|` +
	`http chunk length too large|invalid CR in chunked line|chunked line ends with bare LF|http: suspiciously long trailer.*|http: unexpected EOF reading trailer|unexpected EOF)$`)

// named returns an error's name, or its text. What both say of a malformed body is one name, and so is a body that is cut, because
// net/http says that of some.
func named(err error) string {
	if err == nil {
		return "ok"
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return s.name
		}
	}
	if malformedBody.MatchString(err.Error()) {
		return "malformed body"
	}
	if e := new(http.MaxBytesError); errors.As(err, &e) {
		return fmt.Sprint("MaxBytesError ", e.Limit)
	}
	return err.Error()
}
