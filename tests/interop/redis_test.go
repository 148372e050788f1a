package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestRedis runs go-redis on one server.
func TestRedis(t *testing.T) {
	s := startRedis(t)
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			eachStack(t, func(t *testing.T, p stack) {
				for _, test := range []struct {
					name string
					run  func(t *testing.T, s *redisServer, p stack, network string)
				}{
					{"pipelines", redisPipelines},
					{"large", redisLarge},
					{"pubsub", redisPubSub},
					{"blocking-pops", redisBlockingPops},
					{"cancelled-pop", redisCancelledPop},
					{"read-timeout", redisReadTimeout},
					{"goroutines", redisGoroutines},
					{"killed", redisKilled},
				} {
					t.Run(test.name, func(t *testing.T) { test.run(t, s, p, network) })
				}
			})
		})
	}
}

// redisPipelines has thousands of commands under way at once.
func redisPipelines(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network)
	n := scale(20_000, 5_000)
	key := func(i int) string { return fmt.Sprintf("%s:%d", t.Name(), i) }
	_, err := c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range n {
			pipe.Set(ctx, key(i), i, 0)
		}
		return nil
	})
	uvtest.Check(t, err)
	answers, err := c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range n {
			pipe.Get(ctx, key(i))
			pipe.Incr(ctx, t.Name())
		}
		return nil
	})
	uvtest.Check(t, err)
	for i := range n {
		got := answers[2*i].(*redis.StringCmd).Val()
		if count := answers[2*i+1].(*redis.IntCmd).Val(); got != fmt.Sprint(i) || count != int64(i+1) {
			t.Fatalf("answer %d is %q, %d", i, got, count)
		}
	}
	moved, err := c.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Del(ctx, t.Name())
		pipe.Incr(ctx, t.Name())
		return nil
	})
	if err != nil || moved[1].(*redis.IntCmd).Val() != 1 {
		t.Errorf("a transaction: %v, %v", moved, err)
	}
	uvtest.Check(t, c.FlushAll(ctx).Err())
}

// redisLarge stores and fetches a value of many megabytes, and one of each size
// around the sizes of buffers.
func redisLarge(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network)
	value := make([]byte, scale(32<<20, 8<<20))
	_, _ = rand.Read(value)
	sizes := []int{0, 1, 2<<10 - 1, 2 << 10, 4 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20, len(value)}
	for _, size := range sizes {
		uvtest.Check(t, c.Set(ctx, "large", value[:size], 0).Err())
		got, err := c.Get(ctx, "large").Bytes()
		if err != nil || !bytes.Equal(got, value[:size]) {
			t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
		}
	}
	uvtest.Check(t, c.Del(ctx, "large").Err())
}

// redisPubSub has several subscribers, each of whom is to see every message in
// order.
func redisPubSub(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network)
	const subscribers, messages = 5, 1000
	var wg sync.WaitGroup
	for range subscribers {
		sub := c.PSubscribe(ctx, "news.*")
		defer sub.Close()
		if _, err := sub.Receive(ctx); err != nil { // the confirmation
			t.Fatal(err)
		}
		wg.Go(func() {
			for i := range messages {
				m, err := sub.ReceiveMessage(ctx)
				if err != nil || m.Payload != fmt.Sprint(i) {
					t.Errorf("message %d: %v, %v", i, m, err)
					return
				}
			}
		})
	}
	for i := range messages {
		if n, err := c.Publish(ctx, "news.today", i).Result(); err != nil || n != subscribers {
			t.Fatalf("message %d reached %d, %v", i, n, err)
		}
	}
	wg.Wait()

	idle := c.Subscribe(ctx, "nothing")
	if _, err := idle.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	for range 5 { // a timeout must not cost the subscription
		var timeout net.Error
		if _, err := idle.ReceiveTimeout(ctx, 5*time.Millisecond); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatalf("receiving nothing for 5 ms: %v", err)
		}
	}
	uvtest.Check(t, c.Publish(ctx, "nothing", "something").Err())
	if m, err := idle.ReceiveMessage(ctx); err != nil || m.Payload != "something" {
		t.Errorf("after timeouts: %v, %v", m, err)
	}
	idle.Close()
	if _, err := idle.Receive(ctx); err == nil {
		t.Error("a closed subscription receives")
	}
}

// redisBlockingPops wakes pops that wait at the server, and lets some time out.
func redisBlockingPops(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network, func(o *redis.Options) { o.PoolSize = 40 })
	const waiters = 20
	popped := make(chan string, waiters)
	var wg sync.WaitGroup
	for range waiters {
		wg.Go(func() {
			got, err := c.BLPop(ctx, 0, "queue").Result()
			if err != nil {
				t.Error(err)
				return
			}
			popped <- got[1]
		})
	}
	awaitBlocked(ctx, t, c, waiters)
	for i := range waiters {
		uvtest.Check(t, c.RPush(ctx, "queue", i).Err())
	}
	wg.Wait()
	close(popped)
	seen := make(map[string]bool)
	for v := range popped {
		seen[v] = true
	}
	if len(seen) != waiters {
		t.Errorf("%d values reached %d waiters", len(seen), waiters)
	}
	if _, err := c.Do(ctx, "blpop", "queue", "0.01").Result(); !errors.Is(err, redis.Nil) {
		t.Errorf("a pop that the server lets time out: %v", err)
	}
}

// redisCancelledPop ends a pop by its context.
func redisCancelledPop(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network, func(o *redis.Options) { o.PoolSize = 2 })
	for range 5 {
		under, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		_, err := c.BLPop(under, 0, "never").Result()
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a pop whose context ended: %v", err)
		}
	}
	if err := c.Ping(ctx).Err(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	awaitBlocked(ctx, t, c, 0) // the connections were closed, which the server sees
}

// redisReadTimeout meets a server that does not answer in time.
func redisReadTimeout(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network, func(o *redis.Options) { o.ReadTimeout = 30 * time.Millisecond })
	uvtest.Check(t, c.Ping(ctx).Err())
	admin := s.client(t, ofNet, network)
	uvtest.Check(t, admin.Do(ctx, "client", "pause", "60000", "write").Err())
	err := c.Set(ctx, "late", 1, 0).Err()
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a server that pauses: %v", err)
	}
	uvtest.Check(t, admin.Do(ctx, "client", "unpause").Err())
	if err := s.client(t, p, network).Set(ctx, "late", 1, 0).Err(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// redisGoroutines has many goroutines share a pool.
func redisGoroutines(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network, func(o *redis.Options) { o.PoolSize = 50 })
	const goroutines = 200
	rounds := scale(100, 25)
	var wg sync.WaitGroup
	for who := range goroutines {
		wg.Go(func() {
			key := fmt.Sprintf("%s:%d", t.Name(), who)
			for i := range rounds {
				if err := c.Incr(ctx, "all").Err(); err != nil {
					t.Error(err)
					return
				}
				if n, err := c.Incr(ctx, key).Result(); err != nil || n != int64(i+1) {
					t.Errorf("goroutine %d, round %d: %d, %v", who, i, n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n, err := c.Get(ctx, "all").Int(); err != nil || n != goroutines*rounds {
		t.Errorf("all counted %d, want %d, %v", n, goroutines*rounds, err)
	}
	uvtest.Check(t, c.FlushAll(ctx).Err())
}

// redisKilled has the server close idle connections: go-redis looks at them
// through SyscallConn before it uses them, and dials new ones.
func redisKilled(t *testing.T, s *redisServer, p stack, network string) {
	ctx := bounded(t)
	c := s.client(t, p, network, func(o *redis.Options) { o.PoolSize = 1 })
	admin := s.client(t, ofNet, network)
	for range 10 {
		id, err := c.ClientID(ctx).Result()
		uvtest.Check(t, err)
		uvtest.Check(t, admin.Do(ctx, "client", "kill", "id", id).Err())
		for lives := true; lives; {
			list, err := admin.ClientList(ctx).Result()
			uvtest.Check(t, err)
			lives = strings.Contains(list, fmt.Sprintf("id=%d ", id))
		}
		if err := c.Ping(ctx).Err(); err != nil {
			t.Fatalf("after the server closed the connection: %v", err)
		}
	}
}

// awaitBlocked returns when so many clients wait at the server.
func awaitBlocked(ctx context.Context, t testing.TB, c *redis.Client, want int) {
	t.Helper()
	for {
		info, err := c.Info(ctx, "clients").Result()
		uvtest.Check(t, err)
		if strings.Contains(info, fmt.Sprintf("blocked_clients:%d\r\n", want)) {
			return
		}
	}
}
