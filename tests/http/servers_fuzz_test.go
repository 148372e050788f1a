package http

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/uvgo/uvgo/internal/smuggling"
	"github.com/uvgo/uvgo/uvhttp"
)

// FuzzServers sends bytes to net/http's server and to uvhttp's. What uvhttp serves, net/http serves with the same meaning;
// uvhttp may refuse more.
func FuzzServers(f *testing.F) {
	for _, x := range table() {
		if len(x.send) > 0 && len(strings.Join(x.send, "")) < 2000 {
			f.Add([]byte(strings.Join(x.send, "")))
		}
	}
	for _, r := range smuggling.Requests() {
		f.Add([]byte(r.Bytes))
	}
	quietly := log.New(io.Discard, "", 0)
	oracle := start(f, "net/http", config{}, newJournal(), &http.Server{Handler: http.HandlerFunc(mirror), ErrorLog: quietly})
	subject := start(f, "uvhttp", config{}, newJournal(), &uvhttp.Server{Handler: http.HandlerFunc(mirror), ErrorLog: quietly})
	f.Fuzz(func(t *testing.T, sent []byte) {
		if strings.Contains(string(sent), "PRI * HTTP/2.0") {
			return // HTTP/2
		}
		got, want := mirrored(t, subject.addr, sent), mirrored(t, oracle.addr, sent)
		for i, answer := range got {
			if !strings.HasPrefix(answer, "200 ") || strings.HasSuffix(answer, "bad") {
				return // refused, or its body was
			}
			if i >= len(want) || want[i] != answer {
				t.Fatalf("%q: answer %d is\n%s\nnet/http's are\n%s", sent, i, answer, strings.Join(want, "\n"))
			}
		}
		if len(got) < len(want) {
			t.Fatalf("%q: %d answers, net/http has %d:\n%s", sent, len(got), len(want), strings.Join(want, "\n"))
		}
	})
}

// mirror answers with the request, its body and its trailers.
func mirror(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	end := "whole"
	if err != nil {
		end = "bad"
	}
	text := fmt.Sprintf("%s\n%q %s %s", dump(r), body, sorted(r.Trailer), end)
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	io.WriteString(w, text)
}

// mirrored sends bytes, ends its side and returns the final answers.
func mirrored(t *testing.T, addr net.Addr, sent []byte) (answers []string) {
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(quiet))
	go func() {
		c.Write(sent)
		c.(*net.TCPConn).CloseWrite()
	}()
	in := newPeer(c).in
	for {
		line, err := readLine(in)
		if err != nil {
			if ending(err) == "silent" {
				t.Fatalf("%q: no end", sent)
			}
			return answers
		}
		fields, _ := readFields(in)
		if strings.HasPrefix(line, "HTTP/1.1 100") {
			continue
		}
		n := 0
		for _, v := range fields["Content-Length"] {
			n = number(v)
		}
		body := make([]byte, n)
		if strings.Contains(line, " 200 ") && !strings.Contains(string(sent), "HEAD") {
			n, _ = io.ReadFull(in, body)
		}
		answers = append(answers, strings.Join(strings.Fields(line)[1:2], "")+" "+string(body[:n]))
		if !strings.Contains(line, " 200 ") || strings.Contains(string(sent), "HEAD") {
			return answers // the answers to HEAD have no bodies, and refusals end at the end
		}
	}
}
