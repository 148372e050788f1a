package uv

import (
	"testing"

	"github.com/uvgo/uvgo/cuv"
)

// The generated names are libuv's own.
func TestKindNamesAreLibuvs(t *testing.T) {
	for k := range HandleKind(len(handleKindNames)) {
		if want := cuv.HandleTypeName(int(k)); k.String() != want {
			t.Errorf("HandleKind(%d) = %q, libuv says %q", k, k.String(), want)
		}
	}
	for k := range RequestKind(len(requestKindNames)) {
		if want := cuv.RequestTypeName(int(k)); k.String() != want {
			t.Errorf("RequestKind(%d) = %q, libuv says %q", k, k.String(), want)
		}
	}
}

func TestKindNames(t *testing.T) {
	for kind, want := range map[HandleKind]string{
		KindUnknown:  "unknown",
		KindAsync:    "async",
		KindFSEvent:  "fs_event",
		KindPipe:     "pipe",
		KindSignal:   "signal",
		KindFile:     "file",
		KindFile + 1: "unknown",
	} {
		if got := kind.String(); got != want {
			t.Errorf("HandleKind(%d) = %q, want %q", kind, got, want)
		}
	}
	for kind, want := range map[RequestKind]string{
		RequestUnknown:    "unknown",
		RequestConnect:    "connect",
		RequestRandom:     "random",
		RequestRandom + 1: "unknown",
	} {
		if got := kind.String(); got != want {
			t.Errorf("RequestKind(%d) = %q, want %q", kind, got, want)
		}
	}
}
