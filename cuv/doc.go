// Package cuv is the border between Go and libuv: the only package with
// import "C". It offers mechanism alone: the two rings through which a loop's
// operations and events pass, cuv_turn to run the loop once, and thin calls for
// what must answer at once. No C type leaves it.
//
// Programs do not import it, and it promises no compatibility: names and layouts
// change with any commit. It is for the packages above it. Nothing here checks who
// calls, in which state, or on which goroutine. A loop and all that lives on it belong
// to one goroutine at a time; only Loop.Wake may be called from others.
//
// Files keep libuv's stems, a .c and a .go for each area. ring.h draws the rings and
// tells what each kind of submission and of event carries; cuv.h lists the C files in
// the order in which they call each other; interpose.h lists what cuv puts between
// libuv and the C library.
package cuv
