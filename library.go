package uvgo

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// ShutdownLibrary ends the threads of libuv's pool and closes what loops share in the
// process. Programs need it only under a leak checker: otherwise the end of the process
// does the same. EBUSY while a loop of the process has not been closed. That includes
// uvnet's default group and the loops of [NewCLoop] and [DefaultCLoop], but not those that
// C code has made. Afterwards no loop can be made: [uv.ErrLibraryShutdown]. Any
// goroutine may call it. C function uv_library_shutdown.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_library_shutdown
func ShutdownLibrary() error { return uv.Check("library shutdown", cuv.ShutdownLibrary()) }
