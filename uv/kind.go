package uv

import "github.com/uvgo/uvgo/cuv"

// unlisted asks libuv for the name of a kind that a newer libuv has added.
func (k HandleKind) unlisted() string { return cuv.HandleTypeName(int(k)) }

// unlisted asks libuv for the name of a kind that a newer libuv has added.
func (k RequestKind) unlisted() string { return cuv.RequestTypeName(int(k)) }
