package http

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestUnreadBodyThatComesLate: the rest of a body that the handler has not read comes when the handler has returned. The client
// gets the answer, and the connection is kept up to 256 KiB, as with net/http.
func TestUnreadBodyThatComesLate(t *testing.T) {
	for _, n := range []int{2, 5000, 256<<10 - 1, 256 << 10, 256<<10 + 1} {
		for name, body := range map[string]string{
			"length":  request("POST", "/", fmt.Sprint("Content-Length: ", n)) + string(text(n)),
			"chunked": request("POST", "/", "Transfer-Encoding: chunked") + chunks(string(text(n)), 4000),
		} {
			t.Run(fmt.Sprint(name, " of ", n), func(t *testing.T) {
				t.Parallel()
				alike(t, nil, func(t *testing.T, s *http.Server, start starter) []string {
					returned := make(chan bool, 2)
					s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						fmt.Fprint(w, "unread")
						returned <- true
					})
					p := dialHost(t, start().addr)
					head := strings.Index(body, "\r\n\r\n") + 4
					p.send(body[:head+1])
					<-returned
					go p.send(body[head+1:] + get("/"))
					first, err := p.answer()
					if err != nil {
						return []string{err.Error()}
					}
					notes := []string{first.code(), first.Body}
					if second, _ := p.answer(); second != nil {
						notes = append(notes, second.code(), second.Body)
					}
					return notes
				})
			})
		}
	}
}
