package handles_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() { uvtest.Helper("sigchld", sigchldHelper) }

// sigchldCases are what a program may do with SIGCHLD before and after its first
// child.
var sigchldCases = []string{"untouched", "notified", "notified after", "ignored", "ignored after", "reset after", "watched", "watched after"}

// The children of libuv and of os/exec are reaped, and os/signal and Signal handles get
// SIGCHLD, in whatever order they are set up.
func TestSpawnAndSIGCHLD(t *testing.T) {
	for _, tt := range sigchldCases {
		t.Run(tt, func(t *testing.T) {
			if out, err := uvtest.Command(t, "sigchld", tt).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// sigchldHelper runs in a process of its own, because the process's first child
// matters.
func sigchldHelper() {
	l := uvtest.Must(uvgo.New())
	std := make(chan os.Signal, 1)
	var watch *handles.Signal
	seen := 0
	setUp := func(how string) {
		switch how {
		case "notified":
			signal.Notify(std, syscall.SIGCHLD)
		case "ignored":
			signal.Ignore(syscall.SIGCHLD)
		case "reset":
			signal.Reset(syscall.SIGCHLD)
		case "watched":
			watch = uvtest.Must(l.NewSignal())
			uvtest.Must(0, watch.Start(syscall.SIGCHLD, func(os.Signal) { seen++ }))
			watch.Unref()
		}
	}
	how, after := strings.CutSuffix(os.Args[1], " after")
	if !after {
		setUp(how)
	}
	for round := range 3 {
		exits := 0
		var ps []*handles.Process
		for range 4 {
			ps = append(ps, uvtest.Must(l.Spawn(sh("read x; exit 7", handles.StdioPipe(handles.ChildReads)), func(status int, sig syscall.Signal) {
				if status != 7 || sig != 0 {
					panic(fmt.Sprint(status, sig))
				}
				exits++
			})))
		}
		if after && round == 0 {
			setUp(how) // while children run
		}
		for _, p := range ps {
			p.Stdio(0).Close()
		}
		uvtest.Must(0, l.Run(context.Background()))
		if exits != len(ps) {
			panic(fmt.Sprintf("%d exits", exits))
		}
		// Even if os/signal ignores SIGCHLD: libuv's handler keeps the kernel from
		// reaping children.
		if err := exec.Command("/bin/sh", "-c", "exit 0").Run(); err != nil {
			panic(err)
		}
		if how == "notified" {
			<-std
		}
		for _, p := range ps {
			p.Close()
		}
		uvtest.Must(0, l.Run(context.Background()))
		if how == "notified" { // libuv has let go of the signal: os/signal still has it
			for len(std) > 0 {
				<-std
			}
			if err := exec.Command("/bin/sh", "-c", "exit 0").Run(); err != nil {
				panic(err)
			}
			<-std
		}
	}
	if how == "ignored" && !signal.Ignored(syscall.SIGCHLD) {
		panic("no longer ignored")
	}
	if watch != nil {
		if seen == 0 {
			panic("the Signal handle saw nothing")
		}
		watch.Close()
	}
	uvtest.Must(0, l.Run(context.Background()))
	uvtest.Must(0, l.Close())
}
