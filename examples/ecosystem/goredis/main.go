// Goredis uses a Redis server through go-redis with connections on libuv: a pipeline, publish and subscribe. One
// line differs from a program on package net. Try it with any Redis server, such as examples/redis for the pipeline:
//
//	cd examples/ecosystem
//	go run ./goredis -addr 127.0.0.1:6379
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/uvgo/uvgo/uvnet"
)

func main() {
	network := flag.String("network", "tcp", "`tcp or unix`")
	addr := flag.String("addr", "127.0.0.1:6379", "`address` of the server")
	flag.Parse()
	client := redis.NewClient(&redis.Options{
		Network: *network,
		Addr:    *addr,
		Dialer:  uvnet.DialContext, // the default: a net.Dialer's
	})
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, client); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client *redis.Client) error {
	if err := count(ctx, client, 1000); err != nil {
		return err
	}
	return subscribe(ctx, client, 3)
}

// count raises a counter many times in one pipeline: one write, and answers that come together.
func count(ctx context.Context, client *redis.Client, times int) error {
	const key = "uvgo:counter"
	if err := client.Del(ctx, key).Err(); err != nil {
		return err
	}
	answers, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for range times {
			p.Incr(ctx, key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	last := answers[len(answers)-1].(*redis.IntCmd).Val()
	fmt.Printf("%d answers, the last is %d\n", len(answers), last)
	return client.Del(ctx, key).Err()
}

// subscribe receives what is published behind the subscription.
func subscribe(ctx context.Context, client *redis.Client, messages int) error {
	sub := client.Subscribe(ctx, "uvgo:news")
	defer sub.Close()
	if _, err := sub.Receive(ctx); err != nil { // the server's word that it has subscribed
		return err
	}
	for i := range messages {
		if err := client.Publish(ctx, "uvgo:news", fmt.Sprintf("message %d", i)).Err(); err != nil {
			return err
		}
	}
	for range messages {
		m, err := sub.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("received %s\n", m.Payload)
	}
	return nil
}
