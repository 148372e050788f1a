package soak

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
)

// answers reads the answers to a pipeline, which are the requests' numbers in order.
func (o *op) answers(c net.Conn, n int) {
	in := bufio.NewReader(c)
	for i := range n {
		resp, err := http.ReadResponse(in, nil)
		if !o.check("answer", err) {
			return
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if want := fmt.Sprintf("%06d", i); o.check("body", err) && string(body) != want {
			o.lose("answer %d of a pipeline is %q", i, body)
		}
		o.arrived(len(body))
	}
}
