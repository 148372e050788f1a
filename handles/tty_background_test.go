package handles_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func init() {
	uvtest.Helper("tty-session", ttySession)
	uvtest.Helper("tty-job", ttyJob)
}

// TestTTYCloseInTheBackground: a process that has changed its terminal's mode, and is
// then put into the background, is not stopped when it closes the handle.
func TestTTYCloseInTheBackground(t *testing.T) {
	for _, how := range []string{"close", "base", "reset"} {
		t.Run(how, func(t *testing.T) {
			p := uvtest.NewPTY(t)
			cmd := uvtest.Command(t, "tty-session", how)
			cmd.Stdin, cmd.Stderr = p.File, os.Stderr
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			out, err := cmd.Output()
			uvtest.Check(t, err)
			if got := strings.TrimSpace(string(out)); got != "exit 0" {
				t.Errorf("the job in the background: %s", got)
			}
			if !p.Cooked() {
				t.Error("the first mode has not come back")
			}
		})
	}
}

// ttySession does what a shell does: it gives a job the terminal, and takes the
// terminal back when the job has changed its mode.
func ttySession() {
	job := exec.Command(uvtest.Must(os.Executable()), os.Args[1:]...)
	job.Env = append(os.Environ(), "UVGO_TEST_HELPER=tty-job")
	job.ExtraFiles = []*os.File{os.Stdin}
	job.Stderr = os.Stderr
	job.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	in, out := uvtest.Must(job.StdinPipe()), uvtest.Must(job.StdoutPipe())
	uvtest.Must(0, job.Start())
	signal.Ignore(unix.SIGTTOU) // the session is in the background itself
	uvtest.Must(bufio.NewReader(out).ReadString('\n'))
	uvtest.Must(0, unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp()))
	uvtest.Must(fmt.Fprintln(in, "go on"))
	var status unix.WaitStatus
	uvtest.Must(unix.Wait4(job.Process.Pid, &status, unix.WUNTRACED, nil))
	if status.Stopped() {
		fmt.Println("stopped by", status.StopSignal())
		uvtest.Must(0, unix.Kill(job.Process.Pid, unix.SIGKILL))
		return
	}
	fmt.Println("exit", status.ExitStatus())
}

// ttyJob changes its terminal's mode, and restores it when it is told to.
func ttyJob() {
	l := uvtest.Must(uvgo.New())
	tty := uvtest.Must(l.NewTTY(3))
	uvtest.Must(0, tty.SetMode(handles.TTYRaw))
	fmt.Println("raw")
	uvtest.Must(bufio.NewReader(os.Stdin).ReadString('\n'))
	switch os.Args[1] {
	case "close":
		uvtest.Must(0, tty.Close())
	case "base":
		uvtest.Must(0, tty.Base().Close())
		uvtest.Must(0, handles.ResetTTYMode()) // has nothing to restore, since the handle is closed
	case "reset":
		uvtest.Must(0, handles.ResetTTYMode())
		uvtest.Must(0, tty.Close())
	}
	for uvtest.Must(l.RunNoWait()) {
	}
	uvtest.Must(0, l.Close())
}
