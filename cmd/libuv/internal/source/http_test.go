package source

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServerThatFallsSilent: in front of the answer, and in the middle of it.
func TestServerThatFallsSilent(t *testing.T) {
	old := silentTimeout
	silentTimeout = 50 * time.Millisecond
	t.Cleanup(func() { silentTimeout = old })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/middle" {
			w.Write([]byte("some"))
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}))
	defer s.Close()
	for path, want := range map[string]string{"/front": "timeout awaiting response headers|has sent nothing for 50ms", "/middle": "has sent nothing for 50ms"} {
		err := fetch(t.Context(), s.URL+path, filepath.Join(t.TempDir(), "x"))
		if err == nil || !containsOne(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func containsOne(s, wants string) bool {
	for want := range strings.SplitSeq(wants, "|") {
		if strings.Contains(s, want) {
			return true
		}
	}
	return false
}

// TestSaysWhatASelfSignedServerNeeds: a bare machine has no certificates.
func TestSaysWhatASelfSignedServerNeeds(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	r := &Request{Temp: t.TempDir()}
	if _, _, err := r.download(t.Context(), s.URL+"/x"); err == nil || !strings.Contains(err.Error(), "ca-certificates") {
		t.Errorf("%v", err)
	}
}
