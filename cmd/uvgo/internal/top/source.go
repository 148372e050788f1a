package top

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/observe"
	"github.com/uvgo/uvgo/cmd/uvgo/internal/promtext"
	"github.com/uvgo/uvgo/metrics"
)

// A Sample is what a program has told at one time.
type Sample struct {
	At       time.Time
	Families []metrics.Family
	Status   *observe.Status // nil: it tells metrics only
}

// A Source asks a program. Fetch is called by one goroutine at a time.
type Source interface {
	Fetch(ctx context.Context) (Sample, error)
}

// HTTP asks by HTTP. The zero value of each field but Base works.
type HTTP struct {
	Base   string // the URL of the page, without a slash at its end
	Socket string // the unix socket to ask by; "": TCP

	client   *http.Client
	noStatus bool // it tells metrics only
}

const (
	askTimeout = 5 * time.Second
	maxAnswer  = 64 << 20 // bytes
)

// errNoMetrics is the error of Fetch when something else answers.
var errNoMetrics = errors.New("what answers there tells no metrics of uvgo's: is it the address of --metrics?")

// Fetch asks once.
func (h *HTTP) Fetch(ctx context.Context) (Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if h.client == nil {
		transport := &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second}
		if h.Socket != "" {
			transport = observe.UnixTransport(func(string) string { return h.Socket })
		}
		h.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	text, err := h.get(ctx, "/metrics")
	if err != nil {
		h.noStatus = false // the next one may be another program
		return Sample{}, err
	}
	s := Sample{At: time.Now()}
	if s.Families, err = promtext.Parse(strings.NewReader(text)); err != nil || !isOurs(s.Families) {
		return Sample{}, errNoMetrics
	}
	if h.noStatus {
		return s, nil
	}
	text, err = h.get(ctx, "/status.json")
	if err != nil && !errors.As(err, new(statusError)) { // it has ended in between; a sample without a status would pass for another process
		return Sample{}, err
	}
	var st observe.Status
	if err != nil || json.Unmarshal([]byte(text), &st) != nil || st.PID == 0 {
		h.noStatus = true
		return s, nil
	}
	s.Status = &st
	return s, nil
}

// isOurs tells whether there are metrics of package metrics.
func isOurs(all []metrics.Family) bool {
	for _, f := range all {
		if strings.HasPrefix(f.Name, "uvgo_") {
			return true
		}
	}
	return false
}

// A statusError is the answer's status, which is not 200.
type statusError struct{ status string }

func (e statusError) Error() string {
	return "it answers with " + e.status + ": is it the address of --metrics?"
}

// get returns an answer's body.
func (h *HTTP) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Base+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return "", plainError(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", statusError{clean(resp.Status)}
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("its answer has more than %d bytes", maxAnswer)
	}
	return string(text), plainError(err)
}

// plainError returns an error without the URL, which its reader knows.
func plainError(err error) error {
	var timeout net.Error
	switch inner := error(nil); {
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer within %v", askTimeout)
	default:
		for inner = errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
			err = inner
		}
	}
	return err
}
