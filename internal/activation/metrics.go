package activation

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/uvgo/uvgo/internal/sock"
)

// EnvMetricsDir is the variable by which a supervisor asks its workers for their metrics: the directory for their sockets.
const EnvMetricsDir = "UVGO_METRICS_DIR"

// MetricsPath returns the path of the socket on which a process shows its metrics.
func MetricsPath(dir string, pid int) string {
	return filepath.Join(dir, fmt.Sprintf("uvgo-%d.sock", pid))
}

// ListenMetrics listens on this process's socket in the directory, with mode 0600. Closing the listener removes the socket's file.
func ListenMetrics(dir string) (net.Listener, error) {
	path := MetricsPath(dir, os.Getpid())
	f, err := sock.ListenPrivately(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // another may have bound the path since
	return &metricsListener{ln, sock.Identify(path)}, nil
}

type metricsListener struct {
	net.Listener
	file sock.File
}

// Close closes the listener and removes its file.
func (l *metricsListener) Close() error {
	l.file.Remove()
	return l.Listener.Close()
}
