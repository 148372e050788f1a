package webtest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Want sends a request and fails the test unless the answer has the status and the body has the text in it.
func Want(t *testing.T, method, url, body string, status int, text string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status || !strings.Contains(string(got), text) {
		t.Errorf("%s %s: %d, %q, %v; want %d, %q", method, url, resp.StatusCode, got, err, status, text)
	}
}
