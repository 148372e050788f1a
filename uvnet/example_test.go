package uvnet_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/uvnet"
)

// A net/http server moves onto libuv with its listener, a client with its
// transport.
func Example() {
	ln, err := uvnet.Listen("tcp", "127.0.0.1:0") // was: net.Listen
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "served by libuv")
	})}
	go srv.Serve(ln)
	defer srv.Close()

	client := &http.Client{Transport: &http.Transport{DialContext: uvnet.DialContext}}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://" + ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(string(body))
	// Output: served by libuv
}

func ExampleDialer() {
	ln, err := uvnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	d := uvnet.Dialer{Timeout: 5 * time.Second}
	c, err := d.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.RemoteAddr().String() == ln.Addr().String())
	// Output: true
}

// Connections can live on a group of one's own, beside handles and servers.
func ExampleNew() {
	g, err := uvgo.NewGroup(2, uvgo.WithParking(uvgo.ParkGoroutine))
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Run(context.Background()) }()

	n := uvnet.New(g)
	ln, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	c, err := n.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("connected by", c.RemoteAddr().Network())

	c.Close() // first what was opened, then the loops
	ln.Close()
	if err := g.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-ended)
	// Output:
	// connected by tcp
	// <nil>
}
