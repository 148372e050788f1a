package process

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/requests"
)

// handlesPart makes everything that has descriptors of its own, closing the standard
// ones before each.
func handlesPart(dir string, before, after func()) error {
	return withLoop(before, after, func(l *uvgo.Loop) error {
		step := func() { before(); after() }
		path := filepath.Join(dir, "socket")
		var close []io.Closer
		add := func(c io.Closer, err error) error {
			close = append(close, c)
			return err
		}
		type fd interface{ FD() (int, error) }
		for name, try := range map[string]func() error{
			"tcp4": func() error { return add(l.NewTCP(handles.WithSocket(handles.IPv4))) },
			"tcp bind": func() error {
				c, err := l.NewTCP()
				step()
				return errors.Join(add(c, err), c.Bind(looptest.Loopback))
			},
			"tcp listen without an address": func() error {
				c, err := l.NewTCP()
				step()
				err = errors.Join(add(c, err), c.Listen(1, func(*handles.TCP, error) {}))
				return err
			},
			"tcp connect": func() error {
				c, err := l.NewTCP()
				step()
				return errors.Join(add(c, err), c.Connect(looptest.Loopback, func(error) {}))
			},
			"udp4": func() error { return add(l.NewUDP(handles.WithSocket(handles.IPv4))) },
			"udp send": func() error {
				c, err := l.NewUDP()
				step()
				return errors.Join(add(c, err), c.Send([]byte("x"), loopback9))
			},
			"udp connect": func() error {
				c, err := l.NewUDP()
				step()
				return errors.Join(add(c, err), c.Connect(loopback9))
			},
			"pipe": func() error {
				c, err := l.NewPipe()
				step()
				return errors.Join(add(c, err), c.Bind(path))
			},
			"pipe connect": func() error {
				c, err := l.NewPipe()
				step()
				return errors.Join(add(c, err), c.Connect(path+" of nobody", func(error) {}))
			},
			"pair": func() error {
				a, b, err := handles.NewPipePair(l)
				return errors.Join(add(a, err), add(b, nil))
			},
		} {
			step()
			if err := try(); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			n, err := close[len(close)-1].(fd).FD()
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if n < 3 {
				return fmt.Errorf("%s: the descriptor is %d", name, n)
			}
		}
		step()
		watch, err := l.NewFSEvent()
		if err := errors.Join(add(watch, err), watch.Start(dir, 0, func(string, handles.FSEventKind, error) {})); err != nil {
			return err
		}
		step()
		if err := requests.FillRandom(make([]byte, 8)); err != nil {
			return err
		}
		for _, c := range close {
			if err := c.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}
