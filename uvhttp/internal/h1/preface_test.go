package h1

import "testing"

func TestPreface(t *testing.T) {
	for i := range preface {
		if whole, maybe := Preface([]byte(preface[:i])); whole || !maybe {
			t.Errorf("%q: %t, %t", preface[:i], whole, maybe)
		}
		other := preface[:i] + "~"
		if whole, maybe := Preface([]byte(other)); whole || maybe {
			t.Errorf("%q: %t, %t", other, whole, maybe)
		}
		if whole, maybe := Preface([]byte(other + preface)); whole || maybe {
			t.Errorf("%q: %t, %t", other+preface, whole, maybe)
		}
	}
	if whole, maybe := Preface([]byte("POST / HTTP/1.1")); whole || maybe {
		t.Errorf("a POST: %t, %t", whole, maybe)
	}
	for _, s := range []string{preface, preface + "\x00\x00\x00"} {
		if whole, maybe := Preface([]byte(s)); !whole || maybe {
			t.Errorf("%q: %t, %t", s, whole, maybe)
		}
	}
}
