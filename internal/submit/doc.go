// Package submit starts the requests of streams and datagrams: writes, connects, shutdowns,
// sends. Package handles calls it. Package requests uses its [Request] and [Pins].
//
// A request has a slot from its start until it completes. Its bytes are lent for as long.
// Many bytes stay where they are, pinned. Few are copied, and bytes of the loop's read
// arena are sent in this turn.
package submit
