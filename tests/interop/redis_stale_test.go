package interop

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestRedisPoolDropsStaleReplies: go-redis looks at the descriptor of a connection that
// was idle, and drops one with bytes that nobody asked for. A server that sends one
// answer too many does not make the next command get it.
func TestRedisPoolDropsStaleReplies(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			eachStack(t, func(t *testing.T, p stack) {
				ctx := bounded(t)
				address := "127.0.0.1:0"
				if network == "unix" {
					address = t.TempDir() + "/s"
				}
				ln, err := net.Listen(network, address)
				uvtest.Check(t, err)
				defer ln.Close()
				extra := make(chan struct{}, 1)
				go func() {
					for {
						c, err := ln.Accept()
						if err != nil {
							return
						}
						go answerTwice(c, extra)
					}
				}()
				r := redis.NewClient(&redis.Options{
					Network: network, Addr: ln.Addr().String(), Dialer: p.dial, Protocol: 2, PoolSize: 1, DisableIdentity: true,
				})
				defer r.Close()
				for _, key := range []string{"zero", "first", "second"} {
					v, err := r.Get(ctx, key).Result()
					if v != "value of "+key || err != nil {
						t.Errorf("GET %s: %q, %v", key, v, err)
					}
					if key == "first" {
						<-extra
						time.Sleep(1500 * time.Millisecond) // go-redis does not look at what it used within the last second
					}
				}
			})
		})
	}
}

// answerTwice speaks as much RESP2 as go-redis needs. Behind the answer to "GET first"
// it sends another.
func answerTwice(c net.Conn, extra chan<- struct{}) {
	defer c.Close()
	br := bufio.NewReader(c)
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		n := 0
		fmt.Sscanf(line, "*%d", &n)
		args := make([]string, n)
		for i := range args {
			_, _ = br.ReadString('\n') // its length
			s, _ := br.ReadString('\n')
			args[i] = strings.TrimSpace(s)
		}
		switch {
		case n == 2 && strings.EqualFold(args[0], "get"):
			v := "value of " + args[1]
			fmt.Fprintf(c, "$%d\r\n%s\r\n", len(v), v)
			if args[1] == "first" {
				time.Sleep(20 * time.Millisecond) // not in one read with the answer
				fmt.Fprint(c, "$6\r\nSECRET\r\n")
				extra <- struct{}{}
			}
		case n > 0 && strings.EqualFold(args[0], "hello"):
			fmt.Fprint(c, "-ERR unknown command\r\n")
		default:
			fmt.Fprint(c, "+OK\r\n")
		}
	}
}
