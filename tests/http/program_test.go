package http

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// files are what the program serves from the disk.
var files struct{ dir, path string }

// makeFiles makes them, in a directory that the test removes.
func makeFiles(dir string) {
	files.dir, files.path = dir, filepath.Join(dir, "fox.txt")
	uvtest.Must(0, os.WriteFile(files.path, text(100_000), 0o600))
	uvtest.Must(0, os.Chtimes(files.path, modified, modified))
	uvtest.Must(0, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	uvtest.Must(0, os.WriteFile(filepath.Join(dir, "sub", "index.html"), []byte("<p>index</p>"), 0o600))
	uvtest.Must(0, os.Chtimes(filepath.Join(dir, "sub", "index.html"), modified, modified))
}

var modified = time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)

// program returns the handler that both servers run.
func program(j *journal) http.Handler {
	mux := http.NewServeMux()
	do := func(w http.ResponseWriter, r *http.Request) {
		note, end := j.begin(r.RemoteAddr)
		defer end()
		(&script{w: w, r: r, note: note}).run()
	}
	mux.HandleFunc("/do", do)
	mux.HandleFunc("GET /probe", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Probe", "yes") })
	mux.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/dump", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, dump(r)) })
	mux.HandleFunc("GET /items/{id}/parts/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s: %q %q", r.Pattern, r.PathValue("id"), r.PathValue("rest"))
	})
	mux.HandleFunc("GET /only", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Pattern) })
	mux.HandleFunc("/tree/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	mux.HandleFunc("/exact/{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	mux.HandleFunc("host.example/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "by host") })
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(files.dir))))
	mux.HandleFunc("/content", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"fox"`)
		f := uvtest.Must(os.Open(files.path))
		defer f.Close()
		http.ServeContent(w, r, "fox.txt", modified, f)
	})
	mux.Handle("/timeout", http.TimeoutHandler(http.HandlerFunc(do), time.Hour, "too late"))
	mux.Handle("/late", http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		fmt.Fprint(w, "nobody reads this")
	}), time.Millisecond, "too late"))
	mux.Handle("/maxbytes", http.MaxBytesHandler(http.HandlerFunc(do), 10))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect || r.RequestURI == "*" || !strings.HasPrefix(r.URL.Path, "/") { // a ServeMux would not let them through
			fmt.Fprint(w, dump(r))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// dump returns all that a request says of itself, but for what differs from connection to connection.
func dump(r *http.Request) string {
	var s strings.Builder
	u := r.URL
	fmt.Fprintf(&s, "%s %q %s %d.%d\n", r.Method, r.RequestURI, r.Proto, r.ProtoMajor, r.ProtoMinor)
	fmt.Fprintf(&s, "url %q scheme %q opaque %q user %v host %q path %q raw %q query %q force %v fragment %q\n",
		u.String(), u.Scheme, u.Opaque, u.User, u.Host, u.Path, u.RawPath, u.RawQuery, u.ForceQuery, u.Fragment)
	fmt.Fprintf(&s, "host %q length %d te %q close %v tls %v pattern %q\n",
		r.Host, r.ContentLength, r.TransferEncoding, r.Close, r.TLS != nil, r.Pattern)
	for _, k := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&s, "%s: %q\n", k, r.Header[k])
	}
	fmt.Fprintf(&s, "trailer %v form %v cookies %v\n", sorted(r.Trailer), sorted(r.Form), r.Cookies())
	user, password, ok := r.BasicAuth()
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	fmt.Fprintf(&s, "auth %q %q %v agent %q referer %q\n", user, password, ok, r.UserAgent(), r.Referer())
	fmt.Fprintf(&s, "remote %v %v local %v server %v base %v conn %v\n", remote.Addr(), err, local != nil && local.Network() == "tcp",
		r.Context().Value(http.ServerContextKey) != nil, r.Context().Value(baseKey{}), r.Context().Value(connKey{}))
	fmt.Fprintf(&s, "body nil %v nobody %v getbody %v response %v", r.Body == nil, r.Body == http.NoBody, r.GetBody != nil, r.Response != nil)
	return s.String()
}

// sorted returns the fields of a header in order.
func sorted(h map[string][]string) string {
	if h == nil {
		return "nil"
	}
	var s strings.Builder
	for _, k := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(&s, "[%s %q]", k, h[k])
	}
	return s.String()
}

// baseKey and connKey are the keys of what BaseContext and ConnContext put into a context.
type (
	baseKey struct{}
	connKey struct{}
)

func baseContext(net.Listener) context.Context {
	return context.WithValue(context.Background(), baseKey{}, "base")
}

func connContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, fmt.Sprint("conn on ", ctx.Value(baseKey{}), c.LocalAddr() != nil))
}
