package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/cmd/uvgo/internal/observe"
	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/internal/sock"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/workers"
)

// stuckAfter is how long a callback of a command's loops may hold its loop up before it is among the slow ones of --metrics.
const stuckAfter = 100 * time.Millisecond

// metricsUsage describes --metrics.
const metricsUsage = "show metrics on `ADDR`: a page, /metrics (Prometheus), /debug/vars and /debug/pprof/; a port alone is one of this machine's"

// A display is what --metrics serves: on its address, and on the socket by which uvgo top finds it by the process ID. A worker of
// uvgo workers --metrics has such a socket without the flag. Methods may be called on a display that is not wanted, and then do nothing.
type display struct {
	observe.Server
	address *address // nil: no --metrics
	dir     string   // where the socket is to be; "": nowhere
	bound   []bound
	socket  net.Listener // by the process ID; nil: none
}

// newDisplay reads the address, which may be "". name is that of the command.
func newDisplay(name, text string) (*display, error) {
	d := &display{dir: os.Getenv(activation.EnvMetricsDir)}
	d.Name, d.Registry, d.Slow = "uvgo "+name, new(metrics.Registry), new(observe.SlowLog)
	if text == "" {
		return d, nil
	}
	long := text
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		long = "http://127.0.0.1:" + text
	}
	a, err := parseHTTP(long)
	switch {
	case err != nil:
		return nil, err
	case a.secure:
		return nil, usagef("--metrics %s: it has no TLS", text)
	}
	d.address = &a
	if d.dir == "" {
		d.dir = metricsDir()
	}
	return d, nil
}

// metricsDir is where this user's processes have the sockets for their metrics.
func metricsDir() string { return filepath.Dir(workers.ControlPath(os.Getpid())) }

func (d *display) wanted() bool { return d.address != nil || d.dir != "" }

// loopOptions are those of loops whose slow callbacks the display tells, and which log by the handler.
func (d *display) loopOptions(log slog.Handler) []uvgo.Option {
	if !d.wanted() {
		return nil
	}
	return []uvgo.Option{
		uvgo.WithName(strings.TrimPrefix(d.Name, "uvgo ")), uvgo.WithWatchdog(stuckAfter), uvgo.WithLogger(slog.New(log)),
		uvgo.WithSlowCallback(stuckAfter), uvgo.WithSlowCallbackHook(d.Slow.Hook), uvgo.WithStuckCallbackHook(d.Slow.Stuck),
	}
}

// open listens, and begins to serve. What is wrong without being an error goes to the log.
func (d *display) open(log *slog.Logger) error {
	if !d.wanted() {
		return nil
	}
	d.Start()
	if d.address != nil {
		var err error
		if d.bound, err = listenOn(*d.address); err != nil {
			return d.address.metricsError(err)
		}
		for _, b := range d.bound {
			if !d.isLocal(b) {
				log.Warn("others reach the metrics of this process: write --metrics http://127.0.0.1:PORT if they shall not", "url", b.url())
			}
			go d.serve(b, log)
		}
	}
	if err := d.openSocket(log); err != nil {
		log.Info("uvgo top does not find this process by its ID", "directory", d.dir, "error", err)
	}
	return nil
}

// isLocal tells whether only this machine reaches what was bound.
func (d *display) isLocal(b bound) bool {
	a, ok := b.Addr().(*net.TCPAddr)
	return !ok || a.IP.IsLoopback()
}

func (d *display) serve(ln net.Listener, log *slog.Logger) {
	if err := d.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		log.Error("the metrics are not shown any more", "at", ln.Addr().String(), "error", err)
	}
}

// openSocket listens on the socket by the process ID. It removes those that killed processes have left.
func (d *display) openSocket(log *slog.Logger) error {
	if err := sock.PrivateDir(d.dir); err != nil {
		return err
	}
	for path, pid := range metricsSockets(d.dir) {
		if pid != os.Getpid() && !alive(pid) && sock.Refuses(path) {
			_ = os.Remove(path)
		}
	}
	ln, err := activation.ListenMetrics(d.dir)
	if err != nil {
		return err
	}
	d.socket = ln
	go d.serve(ln, log)
	return nil
}

// metricsSockets returns the sockets in a directory with the process IDs in their names.
func metricsSockets(dir string) map[string]int {
	all := make(map[string]int)
	entries, _ := os.ReadDir(dir) // none
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), "uvgo-")
		text, end := strings.CutSuffix(text, ".sock")
		if pid, err := strconv.Atoi(text); ok && end && err == nil && pid > 0 && e.Type() == fs.ModeSocket {
			all[filepath.Join(dir, e.Name())] = pid
		}
	}
	return all
}

// lines says where the metrics are, for people.
func (d *display) lines() (all []string) {
	for _, b := range d.bound {
		line := "metrics on " + b.url() + "/metrics"
		if d.Health != nil {
			line += "   health: " + b.url() + "/healthz"
		}
		all = append(all, line+"\n")
		if strings.HasPrefix(b.url(), "http") {
			all = append(all, "watch: open "+b.urlOf(b.reach())+"/ in a browser\n")
		}
	}
	if d.socket != nil && d.address != nil {
		all = append(all, fmt.Sprintf("watch: %s top %d\n", os.Args[0], os.Getpid()))
	}
	return all
}

// close ends the server.
func (d *display) close() {
	if d.wanted() {
		_ = d.Close()
	}
	closeAll(d.bound)
	if d.socket != nil {
		_ = d.socket.Close()
	}
}

// metricsError is listenError for the address of --metrics.
func (a address) metricsError(err error) error {
	return errors.New(strings.ReplaceAll(a.listenError(err).Error(), "--listen", "--metrics"))
}
