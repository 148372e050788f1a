package httpbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// Paths of the control server.
const (
	allocsPath  = "/allocs"
	freePath    = "/free"
	profilePath = "/profile"
)

// startControl starts the control server of this process, which is on net/http in all programs.
func startControl() (addr net.Addr, stop func() error, err error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc(allocsPath, func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprintln(w, m.Mallocs, m.TotalAlloc)
	})
	mux.HandleFunc(freePath, func(http.ResponseWriter, *http.Request) {
		debug.FreeOSMemory()
		debug.FreeOSMemory() // takes what the first one's finalizers freed
	})
	mux.HandleFunc(profilePath, pprof.Profile)
	srv := &http.Server{Handler: mux}
	go func() { _ = srv.Serve(ln) }()
	return ln.Addr(), srv.Close, nil
}

// Allocs asks a server, by its control address, how many objects and bytes it has allocated so far.
func Allocs(ctx context.Context, control string) (objects, bytes uint64, err error) {
	err = ask(ctx, control, allocsPath, func(r io.Reader) error {
		_, err := fmt.Fscan(r, &objects, &bytes)
		return err
	})
	return objects, bytes, err
}

// Free makes a server return free memory to the system.
func Free(ctx context.Context, control string) error {
	return ask(ctx, control, freePath, func(io.Reader) error { return nil })
}

// Profile writes a CPU profile of a server's next seconds to a file.
func Profile(ctx context.Context, control string, d time.Duration, file string) error {
	return ask(ctx, control, fmt.Sprintf("%s?seconds=%d", profilePath, max(1, int(d.Seconds()))), func(r io.Reader) error {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	})
}

// ask makes a request on a connection of its own, which leaves nothing behind in the server.
func ask(ctx context.Context, control, path string, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+control+path, nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return read(resp.Body)
}
