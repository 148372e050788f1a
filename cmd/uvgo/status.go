package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/uvgo/uvgo/server"
)

// A sample is a server's statistics at one time.
type sample struct {
	at time.Time
	server.Stats
}

func take(s *server.Server) sample { return sample{time.Now(), s.Stats()} }

// line returns the status line: what the server has done since the sample before.
func (s sample) line(before sample) string {
	per := func(now, then uint64) float64 { return rate(now-then, s.at.Sub(before.at)) }
	return fmt.Sprintf("%s conns  %s messages/s  %.1f MB/s  %s turns/s  %.1f events/crossing",
		count(s.Conns), perSecond(per(s.Messages, before.Messages)),
		per(s.BytesIn, before.BytesIn)/1e6, perSecond(per(s.Turns, before.Turns)),
		share(s.Events-before.Events, s.crossings()-before.crossings()))
}

// report returns what the server has done since it began, in several lines.
func (s sample) report(began time.Time) string {
	up := s.at.Sub(began)
	var b strings.Builder
	fmt.Fprintf(&b, "statistics after %v\n", up.Round(time.Millisecond))
	fmt.Fprintf(&b, "  connections  %s open, %s accepted\n", count(s.Conns), count(s.Accepted))
	fmt.Fprintf(&b, "  messages     %s, %s/s\n", count(s.Messages), perSecond(rate(s.Messages, up)))
	fmt.Fprintf(&b, "  bytes        %s in, %s out\n", size(s.BytesIn), size(s.BytesOut))
	fmt.Fprintf(&b, "  crossings    %s turns, %s early flushes\n", count(s.Turns), count(s.Flushes))
	fmt.Fprintf(&b, "  events       %s, %.1f a crossing\n", count(s.Events), share(s.Events, s.crossings()))
	if limits := s.limits(); limits != "" {
		fmt.Fprintf(&b, "  limits       %s\n", limits)
	}
	return b.String()
}

// limits tells how many connections each limit has closed, empty if none has.
func (s sample) limits() string {
	var parts []string
	for _, l := range []struct {
		n    uint64
		name string
	}{
		{s.Dropped, "without descriptors"}, {s.Closed.TooManyConns, "too many of one address"},
		{s.Closed.IdleTimeout, "idle"}, {s.Closed.WriteTimeout, "not reading"},
		{s.Closed.HandshakeTimeout, "handshake too slow"}, {s.Closed.TLS, "TLS failed"},
		{s.Closed.Proxy, "bad PROXY header"}, {s.Closed.CloseTimeout, "not hanging up"},
	} {
		if l.n > 0 {
			parts = append(parts, count(l.n)+" "+l.name)
		}
	}
	return strings.Join(parts, ", ")
}

// crossings returns how often the loops have gone from Go into C in their turns.
func (s sample) crossings() uint64 { return s.Turns + s.Flushes }

// rate returns n per second.
func rate(n uint64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// perSecond formats a rate, rounded. A low one has a decimal place.
func perSecond(rate float64) string {
	if rate > 0 && rate < 9.95 {
		return strconv.FormatFloat(rate, 'f', 1, 64)
	}
	return count(uint64(math.Round(rate)))
}

// decimal formats a number without an exponent.
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// share returns n/of, 0 if of is 0.
func share(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// count formats a number with separated thousands.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural returns a number and a noun, in the plural unless the number is 1.
func plural(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// size formats a number of bytes.
func size(n uint64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	if n < 1000 {
		return plural(n, "byte")
	}
	v, i := float64(n)/1000, 0
	for v >= 999.95 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
