package address

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/uv"
)

// firstPassed is the number of the first descriptor that systemd passes.
const firstPassed = 3

// Passed returns the descriptors that systemd has passed to this process and that have the
// name, all for an empty one. As sd_listen_fds_with_names(0) does, it leaves the variables as
// they are, for another call; a child process ignores them, because LISTEN_PID is not its own.
func Passed(name string) ([]int, error) {
	pid, count := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	if pid == "" || count == "" {
		return nil, fmt.Errorf("systemd has passed no sockets: LISTEN_PID or LISTEN_FDS is not set: %w", uv.ENOENT)
	}
	if own := strconv.Itoa(os.Getpid()); pid != own {
		return nil, fmt.Errorf("systemd has passed its sockets to another process: LISTEN_PID is %s, not %s: %w", pid, own, uv.ENOENT)
	}
	n, err := strconv.ParseUint(count, 10, 16)
	if err != nil || n == 0 {
		return nil, fmt.Errorf("systemd has passed no sockets: LISTEN_FDS is %q: %w", count, uv.EINVAL)
	}
	names := slices.Repeat([]string{"unknown"}, int(n)) // what systemd calls sockets without a name
	if list, ok := os.LookupEnv("LISTEN_FDNAMES"); ok {
		if names = strings.Split(list, ":"); len(names) != int(n) {
			return nil, fmt.Errorf("LISTEN_FDNAMES has %d names for %d sockets: %w", len(names), n, uv.EINVAL)
		}
	}
	var fds []int
	for i, has := range names {
		unix.CloseOnExec(firstPassed + i)
		if name == "" || name == has {
			fds = append(fds, firstPassed+i)
		}
	}
	if fds == nil {
		return nil, fmt.Errorf("systemd has passed no socket of that name, only %s: %w",
			strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", "), uv.ENOENT)
	}
	return fds, nil
}
