// Package requests holds what finishes once. A request is created by the call
// that starts it, and completes exactly once, with success or an error.
//
// A program starts these itself:
//
//   - [GetAddrInfo] and [GetNameInfo] ask the system's resolver.
//   - [StartWork] runs a function on a goroutine and completes on the loop.
//   - [StartRandom] fills a buffer, [FillRandom] does so at once.
//   - [FSOpen] to [FSClosedir] work on files; package uvfs has them for goroutines.
//
// Lookups and random bytes have a form with a callback on the loop, to be
// called from its goroutine, and one ending in Context that blocks any other
// goroutine while the loop runs. Cancel takes back what has not begun.
//
// Write, Connect and Shutdown belong to streams, UDPSend to datagrams: programs
// meet them through the callbacks of package handles; packages that add handles
// use the functions below, on the loop's goroutine. They trust their caller; those
// that a program calls answer [uv.ErrNotOwner] on another goroutine, always on amd64
// and arm64, elsewhere in debug mode (uvgo.WithDebug).
package requests
