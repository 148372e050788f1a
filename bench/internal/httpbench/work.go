package httpbench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A Work is what a server is asked to do.
type Work struct {
	Name    string
	Paths   []string     // the requests of a connection, in turns
	Timed   []bool       // whose time counts
	Bodies  []string     // the answers'
	Handler http.Handler // as ordinary as can be
}

// What the works answer.
const (
	Hello = "Hello, World!"
	Quick = "quick"
	Slow  = "slow"
	Sleep = 5 * time.Millisecond
)

// Where the works are found.
const (
	TextPath  = "/"
	PagePath  = "/pages/17" // PagesPath with an ID
	PagesPath = "/pages/"
	QuickPath = "/quick"
	SlowPath  = "/slow"
)

// FindWork returns a work by its name:
//
//	text    13 bytes of text
//	json    2 KiB of JSON, by encoding/json and a router that finds a part of the path
//	sleep   text after 5 ms
//	half    text at one path, and text after 5 ms at another: only the first one's time counts
func FindWork(name string) (Work, error) {
	w := Work{Name: name, Timed: []bool{true}}
	switch name {
	case "text":
		w.Paths, w.Bodies = []string{TextPath}, []string{Hello}
		w.Handler = http.HandlerFunc(serveText)
	case "json":
		body, err := json.Marshal(NewPage("17"))
		if err != nil {
			return w, err
		}
		w.Paths, w.Bodies = []string{PagePath}, []string{string(body) + "\n"}
		mux := http.NewServeMux()
		mux.HandleFunc("GET "+PagesPath+"{id}", servePage)
		w.Handler = mux
	case "sleep":
		w.Paths, w.Bodies = []string{SlowPath}, []string{Slow}
		w.Handler = http.HandlerFunc(serveSlow)
	case "half":
		w.Paths, w.Timed, w.Bodies = []string{QuickPath, SlowPath}, []bool{true, false}, []string{Quick, Slow}
		mux := http.NewServeMux()
		mux.HandleFunc("GET "+QuickPath, serveQuick)
		mux.HandleFunc("GET "+SlowPath, serveSlow)
		w.Handler = mux
	default:
		return w, fmt.Errorf("no work %q", name)
	}
	return w, nil
}

// Constant returns whole answers to the work's first path, for a server that has no handlers.
func (w Work) Constant() ([]byte, error) {
	kind := "text/plain; charset=utf-8"
	switch w.Name {
	case "text":
	case "json":
		kind = "application/json"
	default:
		return nil, errors.New("no constant answer does this work: " + w.Name)
	}
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nDate: %s\r\nContent-Length: %d\r\n\r\n%s",
		kind, time.Now().UTC().Format(http.TimeFormat), len(w.Bodies[0]), w.Bodies[0]), nil
}

func serveText(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, Hello) }

func serveQuick(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, Quick) }

func serveSlow(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(Sleep)
	_, _ = io.WriteString(w, Slow)
}

func servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(NewPage(r.PathValue("id")))
}
