package kit

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
)

// WholeLife makes a loop, has it do something of everything, and closes it. What
// is not nil is begun beside it, and ended before.
func WholeLife(park uvgo.Option, beside func(l *uvgo.Loop) (end func())) error {
	l, err := uvgo.New(park)
	if err != nil {
		return err
	}
	if beside != nil {
		defer beside(l)()
	}
	steps := 0
	step := func() { steps++ }
	timer, idle, async := uvtest.Must(l.NewTimer()), uvtest.Must(l.NewIdle()), uvtest.Must(l.NewAsync(step))
	server, client := uvtest.Must(l.NewTCP()), uvtest.Must(l.NewTCP())
	err = errors.Join(timer.Start(0, 0, step), idle.Start(func() { idle.Close() }), server.Bind(looptest.Loopback))
	err = errors.Join(err, server.Listen(1, func(c *handles.TCP, err error) {
		server.Close()
		if err == nil {
			_ = c.WriteFunc(func(error) { c.Close() }, make([]byte, 10_000))
		}
	}))
	addr := uvtest.Must(server.LocalAddr())
	got := 0
	err = errors.Join(err, client.Connect(addr, func(err error) {
		if err != nil {
			client.Close()
			return
		}
		_ = client.ReadStart(func(p []byte, err error) {
			if got += len(p); errors.Is(err, io.EOF) {
				client.Close()
				timer.Close()
				async.Close()
			}
		})
	}))
	sent := make(chan bool)
	go func() { // from elsewhere, possibly too late
		_ = async.Send()
		close(sent)
	}()
	err = errors.Join(err, l.Post(step), l.Run(context.Background()))
	<-sent
	err = errors.Join(err, l.Run(context.Background()), l.Close())
	if err == nil && (steps < 2 || got != 10_000) {
		err = fmt.Errorf("%d steps and %d bytes", steps, got)
	}
	return err
}
