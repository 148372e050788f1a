package main

import (
	"os"
	"strings"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/observe"
	"github.com/uvgo/uvgo/internal/activation"
	"github.com/uvgo/uvgo/workers"
)

// supervise shows a supervisor and its workers. Those find the directory for their sockets in their environment.
func (d *display) supervise(s *workers.Supervisor) {
	if d.address == nil {
		return
	}
	s.Env = append(os.Environ(), activation.EnvMetricsDir+"="+d.dir)
	d.Crew = observe.NewCrew(d.dir, s)
	s.OnStart = func() error {
		if err := d.open(s.Logger); err != nil {
			return err
		}
		for _, line := range d.lines() {
			s.Logger.Info(strings.TrimSuffix(line, "\n"))
		}
		return nil
	}
}
