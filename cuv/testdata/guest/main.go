// A program with C of its own beside uvgo: see TestOtherCIsLeftAlone.
package main

// #cgo linux LDFLAGS: -ldl -lpthread
// #include "guest.h"
import "C"

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/uvgo/uvgo"
)

func main() {
	for _, name := range []string{"read", "sigaction", "syscall", "epoll_pwait"} {
		fmt.Println(name, "is the C library's:", C.bound(C.CString(name)) == 1)
	}
	n := 0
	look("before any loop", nil)
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		s, err := l.NewSignal()
		if err != nil {
			return err
		}
		err = s.Start(syscall.SIGUSR1, func(os.Signal) { n++; s.Close() })
		look("in a loop", func(check func(string, C.int)) {
			check("watched", C.watched_action())
			check("to default", C.taken_to_default())
		})
		go func() {
			look("beside it", nil)
			_ = syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		}()
		return err
	})
	look("behind it", func(check func(string, C.int)) { check("once watched", C.plain_action(C.int(syscall.SIGUSR1))) })
	fmt.Println("the handle's callbacks:", n, err)
}

// look runs C's checks on this thread, and tells of those that fail.
func look(when string, more func(check func(string, C.int))) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	check := func(what string, line C.int) {
		if line != 0 {
			fmt.Printf("%s: %s: guest.c:%d\n", when, what, line)
		}
	}
	check("sigaction", C.plain_action(C.int(syscall.SIGUSR2)))
	check("sigaction", C.other_actions())
	check("read", C.reads())
	check("read", C.interrupted_read())
	check("syscall", C.syscalls())
	check("epoll_pwait", C.many_events())
	if more != nil {
		more(check)
	}
}
