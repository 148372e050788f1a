// Package cuv is the border between Go and libuv: the only package with
// import "C". It offers mechanism alone: the two rings through which a loop's
// operations and events pass, cuv_turn to run the loop once, and thin calls for
// what must answer at once. No C type leaves it.
//
// It is for package uv and the packages above it, not for programs: nothing
// here checks who calls, in which state, or on which goroutine. A loop and all
// that lives on it belong to one goroutine at a time; only Loop.Wake may be
// called from others.
//
// Files keep libuv's stems, a .c and a .go for each area. The layout of the
// rings is drawn in ring.h.
package cuv
