package top

import (
	"net/http"
	"sync/atomic"
	"testing"
)

// TestAProgramThatEndsBetweenTwoAnswersIsGone: it must not pass for another program, one that tells metrics only.
func TestAProgramThatEndsBetweenTwoAnswersIsGone(t *testing.T) {
	f, ends := newFake("web/0"), new(atomic.Bool)
	h := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ends.Load() && r.URL.Path == "/status.json" {
			panic(http.ErrAbortHandler) // the connection ends
		}
		f.ServeHTTP(w, r)
	}))
	source := &HTTP{Base: "http://" + h.addr}
	first, err := source.Fetch(t.Context())
	if err != nil || first.Status == nil {
		t.Fatalf("%+v, %v", first.Status, err)
	}
	ends.Store(true)
	if _, err := source.Fetch(t.Context()); err == nil {
		t.Error("it has answered")
	}
	ends.Store(false)
	if again, err := source.Fetch(t.Context()); err != nil || again.Status == nil || identity(again) != identity(first) {
		t.Errorf("behind that: %+v, %v", again.Status, err)
	}
}
