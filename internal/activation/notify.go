package activation

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// EnvReady names the variable that has the number of a descriptor on which the process before waits for us to be ready, and our own
// process ID: "8:4711" is descriptor 8 for process 4711.
const EnvReady = "UVGO_RELOAD_READY"

// notifyTimeout is how long whoever supervises this process may let its messages wait.
const notifyTimeout = 5 * time.Second

// Notify sends a state, such as "READY=1", to whoever supervises this process: systemd, or package workers. It does nothing
// for a process that nobody supervises so.
func Notify(state string) error {
	to := os.Getenv(envNotify)
	if to == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: to, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(notifyTimeout)) // fails only for a closed one
	_, err = c.Write([]byte(state))
	return err
}

// Ready tells the supervisor, and the process that this one replaces, that this process is ready.
func Ready() error {
	return errors.Join(Notify("READY=1"), readyPipe())
}

// readyPipe writes a byte to the pipe of EnvReady, once.
func readyPipe() error {
	text := os.Getenv(EnvReady)
	if text == "" {
		return nil
	}
	_ = os.Unsetenv(EnvReady) // fails only for a bad name
	var fd, pid int
	if _, err := fmt.Sscanf(text, "%d:%d", &fd, &pid); err != nil {
		return fmt.Errorf("%s is %q, not a descriptor and a process ID", EnvReady, text)
	}
	if pid != os.Getppid() { // it was meant for the process that has started this one
		return nil
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), EnvReady)
	_, err := f.Write([]byte(strconv.Itoa(os.Getpid()) + "\n"))
	return errors.Join(err, f.Close())
}
