package httpbench

import "testing"

func TestPageIs2KiB(t *testing.T) {
	w, err := FindWork("json")
	if err != nil || len(w.Bodies[0]) != PageSize {
		t.Errorf("%d bytes, %v: %s", len(w.Bodies[0]), err, w.Bodies)
	}
}
