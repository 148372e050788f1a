package activation

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// startName is the name under which the executable of this process is started to become another program. LISTEN_PID has
// to be the ID of the process that executes the program, and only that process knows it before it does so.
const startName = "uvgo-workers-start"

// The program becomes another one here, before main and before the package's importers are initialised.
func init() {
	if len(os.Args) >= 4 && os.Args[0] == startName && os.Getuid() == os.Geteuid() && os.Getgid() == os.Getegid() {
		fmt.Fprintln(os.Stderr, "uvgo:", become(os.Args[1], os.Args[2], os.Args[3:]))
		os.Exit(126)
	}
}

// become executes path. parent is the process with which it is to end, or "0". It returns what went wrong.
func become(parent, path string, args []string) error {
	if parent != "0" {
		if err := dieWith(); err != nil {
			return err
		}
		if strconv.Itoa(os.Getppid()) != parent { // it ended before the kernel was asked to watch it
			os.Exit(1)
		}
	}
	if os.Getenv(envFDs) != "" {
		if err := os.Setenv(envPID, strconv.Itoa(os.Getpid())); err != nil {
			return err
		}
	}
	return &os.PathError{Op: "exec", Path: path, Err: syscall.Exec(path, args, os.Environ())}
}

// Start returns the file to execute, and its arguments, for a process that becomes the program at path with args, of which
// the first is its name. With tied it ends with this process: as far as the system can do that, see docs/workers.md, and only if
// the thread that makes it stays.
func Start(path string, args []string, tied bool) (file string, argv []string) {
	parent := "0"
	if tied {
		parent = strconv.Itoa(os.Getpid())
	}
	return self(), append([]string{startName, parent, path}, args...)
}

// self returns the executable of this process, also when another file has its name now.
func self() string {
	const link = "/proc/self/exe"
	if _, err := os.Stat(link); err == nil {
		return link
	}
	exe, err := os.Executable()
	if err != nil {
		return link // its error names what is missing
	}
	return exe
}

// Find returns the absolute path of a command: one with a slash, or one that is found in PATH.
func Find(command string) (string, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// The environment variables of systemd's protocols.
const (
	envPID    = "LISTEN_PID"
	envFDs    = "LISTEN_FDS"
	envNames  = "LISTEN_FDNAMES"
	envNotify = "NOTIFY_SOCKET"
)

// Environment returns env for a program that is passed sockets of these names, from descriptor 3 on. What was meant for this
// process alone is left out. extra comes last.
func Environment(env, names []string, extra ...string) []string {
	own := []string{envPID, envFDs, envNames, envNotify, "WATCHDOG_PID", "WATCHDOG_USEC", EnvReady}
	out := make([]string, 0, len(env)+len(extra)+2)
next:
	for _, v := range env {
		for _, name := range own {
			if strings.HasPrefix(v, name+"=") {
				continue next
			}
		}
		out = append(out, v)
	}
	if len(names) > 0 {
		out = append(out, envFDs+"="+strconv.Itoa(len(names)), envNames+"="+strings.Join(names, ":"))
	}
	return append(out, extra...)
}
