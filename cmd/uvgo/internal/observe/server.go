package observe

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"expvar"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/workers"
)

// A Server shows what a program does. Its fields are set before Serve.
type Server struct {
	Name     string // of the program, such as "uvgo echo"
	Registry *metrics.Registry
	Families func() []metrics.Family // more metrics, of other names; nil: none
	Slow     *SlowLog                // nil: none
	Crew     *Crew                   // of a supervisor; nil: none
	Health   func() bool             // makes /healthz; nil: there is none

	http *http.Server
}

// The limits of a client: one that stops reading or writing holds up its own connection, and only for so long.
const (
	headTimeout  = 10 * time.Second
	writeTimeout = 15 * time.Second // of an answer; a profile has the seconds that it takes more
	idleTimeout  = 2 * time.Minute
	maxConns     = 128
	maxProfile   = 5 * time.Minute
)

//go:embed page
var pageFiles embed.FS

// policy lets the page load its own script and style, and ask its own server.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Start makes the server ready. It must be called once, before Serve.
func (s *Server) Start() {
	mux := http.NewServeMux()
	files, _ := fs.Sub(pageFiles, "page") // the directory is there
	page := http.FileServerFS(files)
	for _, name := range []string{"{$}", "page.css", "page.js", "data.js", "chart.js", "icon.svg"} {
		mux.Handle("/"+name, page)
	}
	mux.HandleFunc("/metrics", s.metrics)
	mux.HandleFunc("/status.json", s.status)
	mux.Handle("/debug/", onlyLocal(s.debug()))
	if s.Health != nil {
		mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
			if s.Health() {
				_, _ = io.WriteString(w, "ok\n")
				return
			}
			http.Error(w, "draining", http.StatusServiceUnavailable)
		})
	}
	if s.Crew != nil {
		mux.Handle("/worker/{pid}/", s.Crew.proxy())
	}
	s.http = &http.Server{
		Handler: careful(mux), ReadHeaderTimeout: headTimeout, ReadTimeout: headTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 16 << 10,
		ErrorLog: quiet, ConnContext: withConn,
		BaseContext: func(ln net.Listener) context.Context {
			return context.WithValue(context.Background(), listenerKey{}, ln.Addr())
		},
	}
}

// Serve serves on a listener until Close, which it returns as http.ErrServerClosed.
func (s *Server) Serve(ln net.Listener) error { return s.http.Serve(limited(ln, maxConns)) }

// ServeHTTP answers as Serve does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.Handler.ServeHTTP(w, r) }

// Close ends the server and its connections.
func (s *Server) Close() error { return s.http.Close() }

// debug serves /debug/vars and /debug/pprof/.
func (s *Server) debug() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/vars", s.vars)
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seconds, _ := strconv.ParseFloat(r.FormValue("seconds"), 64)
		if seconds <= 0 && strings.HasSuffix(r.URL.Path, "/profile") {
			seconds = 30
		}
		if seconds > maxProfile.Seconds() {
			http.Error(w, fmt.Sprintf("a profile takes %v at most", maxProfile), http.StatusBadRequest)
			return
		}
		limit := time.Duration(seconds*float64(time.Second)) + writeTimeout
		extend(w, limit)
		w.Header().Del("Content-Security-Policy") // pprof's index has a style in the page
		mux.ServeHTTP(w, r)
	})
}

// extend lets an answer take so long. The end of the time to read a request would end its context.
func extend(w http.ResponseWriter, limit time.Duration) {
	c, end := http.NewResponseController(w), time.Now().Add(limit)
	_ = c.SetWriteDeadline(end) // always possible on a connection of net/http's
	_ = c.SetReadDeadline(end)
}

// vars answers as expvar does, with the Registry as "uvgo".
func (s *Server) vars(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	var b bytes.Buffer
	b.WriteString("{\n")
	expvar.Do(func(kv expvar.KeyValue) {
		if kv.Key != "uvgo" {
			fmt.Fprintf(&b, "%q: %s,\n", kv.Key, kv.Value)
		}
	})
	fmt.Fprintf(&b, "%q: %s\n}\n", "uvgo", s.Registry.Var())
	_, _ = w.Write(b.Bytes()) // an error is the client's end
}

// metrics answers with everything, in Prometheus's text format.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	all := s.Registry.Gather()
	if s.Families != nil {
		all = append(all, s.Families()...)
	}
	all = append(all, Process()...)
	if s.Crew != nil {
		all = merge(append(all, s.Crew.families(r.Context())...))
	}
	var b bytes.Buffer
	_, _ = metrics.WriteText(&b, all) // a Buffer accepts everything
	w.Header().Set("Content-Type", metrics.ContentType)
	_, _ = w.Write(b.Bytes())
}

// A Status is what the page and uvgo top show beside the metrics.
type Status struct {
	Name    string          `json:"name"`
	PID     int             `json:"pid"`
	Began   time.Time       `json:"began"`
	Now     time.Time       `json:"now"`
	Slow    []Slow          `json:"slow"`              // the last slow callbacks, the oldest first
	Workers *workers.Status `json:"workers,omitempty"` // of a supervisor
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	st := Status{Name: s.Name, PID: os.Getpid(), Began: began, Now: time.Now(), Slow: s.Slow.Last()}
	if s.Crew != nil {
		s.Crew.describe(r.Context(), &st)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(st) // an error is the client's end
}

// quiet drops what strangers do wrong.
var quiet = log.New(io.Discard, "", 0)

type listenerKey struct{}

// careful bounds how long a client may take, refuses what only reads nothing, and what a page of somebody else's has asked for.
func careful(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answering(r.Context(), true)
		defer answering(r.Context(), false)
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // always possible on a connection of net/http's
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		if !expectedHost(r) {
			http.Error(w, "This address is for this machine only: ask for it by localhost or its IP address, not by "+strconv.QuoteToASCII(r.Host)+".", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// expectedHost tells whether the request names the server as its user does. A page of somebody else's may have its own name lead to a
// loopback address, so that the browser lets it read the answers (DNS rebinding).
func expectedHost(r *http.Request) bool {
	at, _ := r.Context().Value(listenerKey{}).(net.Addr)
	tcp, ok := at.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost")
}

// onlyLocal serves this machine only: profiles and the command line are nothing for others.
func onlyLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r) {
			http.Error(w, "/debug/ is for this machine only: reach it by ssh -L, or by kubectl port-forward.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal tells whether the client is on this machine.
func isLocal(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err != nil || peer.Addr().Unmap().IsLoopback() // the client of a unix socket has no address
}
