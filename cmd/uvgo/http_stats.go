package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/access"
)

// A webSample is a web server's statistics at one time.
type webSample struct {
	at time.Time
	access.Stats
}

func (h *web) sample() webSample { return webSample{time.Now(), h.monitor.Stats()} }

// line returns the status line: what the server has done since the sample before.
func (s webSample) line(before webSample) string {
	d := s.at.Sub(before.at)
	return fmt.Sprintf("%s conns  %s requests/s  %.1f MB/s  %s under way", count(s.Conns),
		perSecond(rate(s.Answered()-before.Answered(), d)), rate(s.Bytes-before.Bytes, d)/1e6, count(uint64(s.InFlight)))
}

// report returns what the server has done since it began, in several lines.
func (s webSample) report(began time.Time, lost uint64) string {
	up := s.at.Sub(began)
	var b strings.Builder
	fmt.Fprintf(&b, "statistics after %v\n", up.Round(time.Millisecond))
	fmt.Fprintf(&b, "  connections  %s open, %s accepted\n", count(s.Conns), count(s.Accepted))
	fmt.Fprintf(&b, "  requests     %s, %s/s, %s under way\n", count(s.Answered()), perSecond(rate(s.Answered(), up)), count(uint64(s.InFlight)))
	fmt.Fprintf(&b, "  statuses     %s\n", s.statuses())
	fmt.Fprintf(&b, "  bytes        %s out\n", size(s.Bytes))
	if lost > 0 {
		fmt.Fprintf(&b, "  log          %s lost: nobody reads it fast enough\n", plural(lost, "line"))
	}
	return b.String()
}

// statuses tells how many answers of each class there were.
func (s webSample) statuses() string {
	var parts []string
	for class, n := range s.Requests {
		switch {
		case n > 0 && class == 0:
			parts = append(parts, count(n)+" without an answer")
		case n > 0:
			parts = append(parts, fmt.Sprintf("%s × %dxx", count(n), class))
		}
	}
	if parts == nil {
		return "none yet"
	}
	return strings.Join(parts, ", ")
}

// tick rewrites the status line.
func (h *web) tick() {
	if h.drains.IsZero() {
		now := h.sample()
		h.console.status(now.line(h.last))
		h.last = now
	}
}

func (h *web) statistics(os.Signal) {
	lost := uint64(0)
	if h.sink != nil {
		lost = h.sink.Lost()
	}
	h.tell("%s", h.sample().report(h.began, lost))
}
