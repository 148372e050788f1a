package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptls"
)

const healthHelp = `[flags] ADDR

Connects to the echo server at ADDR, sends a few bytes and expects them back: the
status is 0 if they come and 1 otherwise. ADDR is tcp://host:port, tls://host:port,
unix:///path or tls+unix:///path.`

// probe is what health sends.
const probe = "uvgo health\n"

func runHealth(args []string) error {
	fs := newFlags("health")
	var timeout time.Duration
	spanVar(fs, &timeout, "timeout", 2*time.Second, "give up after `TIME`")
	ca := fs.String("ca", "", "trust the certificates in `FILE` (PEM), not the system's, for a tls:// address")
	insecure := fs.Bool("insecure", false, "do not verify the server's certificate")
	text, err := oneAddress(fs, healthHelp, args)
	switch {
	case err != nil:
		return err
	case timeout <= 0:
		return usagef("--timeout %v: it must be more than 0", timeout)
	}
	a, err := parsePeer(text)
	if err != nil {
		return err
	}
	config, err := a.clientTLS(*ca, *insecure)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	began := time.Now()
	c := &checkup{address: a, tls: config}
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
	tls         *tls.Config // nil without TLS
	loop        *uvgo.Loop
	stream      handles.Stream
	secure      *secure        // over stream, nil without TLS
	alive       *handles.Timer // keeps the loop running, nil without TLS
	isConnected bool           // and the TLS handshake is done
	received    string         // the bytes that have come back
	finished    bool
	err         error
}

// run makes the check, until ctx ends.
func (c *checkup) run(ctx context.Context) error {
	at, err := c.address.resolve(ctx)
	if err != nil {
		return err
	}
	err = uvgo.Run(ctx, func(l *uvgo.Loop) (err error) {
		c.loop = l
		if c.tls != nil {
			// The stream alone does not keep the loop alive while the handshake's goroutine works.
			if c.alive, err = l.AfterFunc(math.MaxInt64, func() {}); err != nil {
				return err
			}
		}
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
	switch {
	case err == nil && c.tls != nil:
		c.secure = newSecure(c.loop, c.stream, c.tls, make([]byte, looptls.MaxPlaintext), c.shaken, c.read)
		return
	case err == nil:
		c.isConnected = true
		if err = c.stream.ReadStart(c.read); err == nil {
			_, err = c.stream.Write([]byte(probe))
		}
	}
	if err != nil {
		c.finish(c.address.connectError(err))
	}
}

// shaken goes on after the TLS handshake.
func (c *checkup) shaken(err error) {
	if err == nil {
		c.isConnected = true
		_, err = c.secure.conn.Write([]byte(probe))
	} else if hungUp(err) {
		err = errEnded
	}
	if err != nil {
		c.finish(c.address.connectError(err))
	}
}

func (c *checkup) read(p []byte, err error) {
	first := c.received == ""
	c.received += string(p)
	switch {
	case c.finished: // a record had more, or the server hangs up, too
	case err != nil && first && c.address.perhapsTLS() != "":
		c.finish(fmt.Errorf("%s is not well: %s: %w: %s", c.address, c.missing(), err, c.address.perhapsTLS()))
	case err != nil:
		c.finish(fmt.Errorf("%s is not well: %s: %w", c.address, c.missing(), err))
	case first && c.secure == nil && speaksTLS(p):
		c.finish(fmt.Errorf("%s is not well: %w: write %s", c.address, errAlert, c.address.withTLS()))
	case len(c.received) > len(probe) || c.received != probe[:len(c.received)]:
		c.finish(errors.New(c.address.text + " is not well: what came back is not what was sent"))
	case c.received == probe:
		c.finish(nil)
	}
}

// finish closes the connection, which ends the loop.
func (c *checkup) finish(err error) {
	c.finished, c.err = true, err
	if c.alive != nil {
		_ = c.alive.Close() // never fails on the loop's goroutine
	}
	if c.secure != nil && c.isConnected && c.secure.conn.CloseWrite() == nil && // the server expects it
		c.stream.Shutdown(func(error) { _ = c.stream.Close() }) == nil {
		return
	}
	_ = c.stream.Close() // never fails on the loop's goroutine
}

// missing says what has not come yet.
func (c *checkup) missing() string {
	if !c.isConnected {
		return "no connection"
	}
	return fmt.Sprintf("%d of %d bytes came back", len(c.received), len(probe))
}
