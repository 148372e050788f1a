package uvgo

import (
	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// ShutdownLibrary ends the threads of libuv's pool and closes what the process shares
// of it, for programs that a leak checker looks at: at the end of a process all of
// that goes by itself. EBUSY while a loop of the process has not been closed, the
// default group of uvnet's and those of [NewCLoop] and [DefaultCLoop] included;
// others' it cannot know. Afterwards no loop can be made: [uv.ErrLibraryShutdown]. Any
// goroutine may call it. C function uv_library_shutdown.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_library_shutdown
func ShutdownLibrary() error { return uv.Check("library shutdown", cuv.ShutdownLibrary()) }
