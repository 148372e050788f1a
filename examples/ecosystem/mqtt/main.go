// Mqtt is an MQTT broker (the library mochi-mqtt) that listens on libuv, and a client (the library paho) that
// dials on it. One line of each differs from a program on package net. Try it:
//
//	cd examples/ecosystem
//	go run ./mqtt & # when it says listening:
//	go run ./mqtt -subscribe 'house/#' &
//	go run ./mqtt -publish house/kitchen -text '21 degrees'
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"github.com/uvgo/uvgo/uvnet"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:1883", "`address` of the broker; port 0 takes any")
	topic := flag.String("subscribe", "", "be a client, and print what is published to the `topic`")
	to := flag.String("publish", "", "be a client, and publish to the `topic`")
	text := flag.String("text", "hello", "what to publish")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case *topic != "":
		err = subscribe(ctx, *addr, *topic)
	case *to != "":
		err = publish(*addr, *to, *text)
	default:
		err = broker(ctx, *addr)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// broker serves clients until ctx ends.
func broker(ctx context.Context, addr string) error {
	ln, err := uvnet.Listen("tcp", addr) // on package net: net.Listen
	if err != nil {
		return err
	}
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server := mochi.New(&mochi.Options{Logger: quiet})
	// Everybody may do everything here. Your users and their rights go here.
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	if err := server.AddListener(listeners.NewNet("tcp", ln)); err != nil {
		return err
	}
	if err := server.Serve(); err != nil { // returns at once
		return err
	}
	fmt.Println("listening on", ln.Addr())
	<-ctx.Done()
	return server.Close()
}

// connect returns a client that dials on libuv. onConnect runs after each connection.
func connect(addr string, onConnect func(paho.Client)) (paho.Client, error) {
	options := paho.NewClientOptions().AddBroker("tcp://" + addr).SetConnectTimeout(10 * time.Second).SetOnConnectHandler(onConnect)
	options.SetCustomOpenConnectionFn(func(u *url.URL, o paho.ClientOptions) (net.Conn, error) {
		return uvnet.DialTimeout("tcp", u.Host, o.ConnectTimeout)
	})
	client := paho.NewClient(options)
	return client, wait(client.Connect())
}

// wait waits for what paho has begun.
func wait(t paho.Token) error {
	if !t.WaitTimeout(10 * time.Second) {
		return context.DeadlineExceeded
	}
	return t.Error()
}

// subscribe prints messages until ctx ends. After a loss paho connects again, and this subscribes again.
func subscribe(ctx context.Context, addr, topic string) error {
	print := func(_ paho.Client, m paho.Message) { fmt.Printf("%s: %s\n", m.Topic(), m.Payload()) }
	client, err := connect(addr, func(c paho.Client) {
		t := c.Subscribe(topic, 1, print)
		go func() { // paho reads the answer once this handler has returned
			if err := wait(t); err != nil {
				log.Print(err)
				return
			}
			fmt.Println("subscribed to", topic)
		}()
	})
	if err != nil {
		return err
	}
	defer client.Disconnect(250)
	<-ctx.Done()
	return nil
}

// publish returns when the broker has the message.
func publish(addr, topic, text string) error {
	client, err := connect(addr, func(paho.Client) {})
	if err != nil {
		return err
	}
	defer client.Disconnect(250)
	return wait(client.Publish(topic, 1, false, text))
}
