package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

const healthHelp = `[flags] ADDR

Connects to the echo server at ADDR, tcp://host:port or unix:///path, sends a
few bytes and expects them back: the status is 0 if they come and 1 otherwise.`

// probe is what health sends.
const probe = "uvgo health\n"

func runHealth(args []string) error {
	fs := newFlags("health")
	var timeout time.Duration
	spanVar(fs, &timeout, "timeout", 2*time.Second, "give up after `TIME`")
	a, err := oneAddress(fs, healthHelp, args)
	switch {
	case err != nil:
		return err
	case a.secure:
		return usagef("bad address %q: health asks at tcp://host:port or unix:///path", a.text)
	case timeout <= 0:
		return usagef("--timeout %v: it must be more than 0", timeout)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	began := time.Now()
	c := &checkup{address: a}
	if err := c.run(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%s is not well: %s within %v", a, c.missing(), timeout)
		}
		return err
	}
	_, err = fmt.Printf("%s is well: %d bytes came back in %v\n", a, len(probe), digits(time.Since(began)))
	return err
}

// A checkup is one check of a server.
type checkup struct {
	address     address
	stream      handles.Stream
	isConnected bool
	received    string // the bytes that have come back
	err         error
}

// run makes the check, until ctx ends.
func (c *checkup) run(ctx context.Context) error {
	at, err := c.address.resolve(ctx)
	if err != nil {
		return err
	}
	err = uvgo.Run(ctx, func(l *uvgo.Loop) (err error) {
		c.stream, err = c.address.dial(l, at, c.connected)
		if err != nil {
			err = c.address.connectError(err)
		}
		return err
	})
	if err == nil {
		err = c.err
	}
	return err
}

func (c *checkup) connected(err error) {
	if err == nil {
		c.isConnected = true
		if err = c.stream.ReadStart(c.read); err == nil {
			_, err = c.stream.Write([]byte(probe))
		}
	}
	if err != nil {
		c.finish(c.address.connectError(err))
	}
}

func (c *checkup) read(p []byte, err error) {
	c.received += string(p)
	switch {
	case err != nil:
		c.finish(fmt.Errorf("%s is not well: %s: %w", c.address, c.missing(), err))
	case len(c.received) > len(probe) || c.received != probe[:len(c.received)]:
		c.finish(errors.New(c.address.text + " is not well: what came back is not what was sent"))
	case c.received == probe:
		c.finish(nil)
	}
}

// finish closes the connection, which ends the loop.
func (c *checkup) finish(err error) {
	c.err = err
	_ = c.stream.Close() // never fails on the loop's goroutine
}

// missing says what has not come yet.
func (c *checkup) missing() string {
	if !c.isConnected {
		return "no connection"
	}
	return fmt.Sprintf("%d of %d bytes came back", len(c.received), len(probe))
}
