package access

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/uvgo/uvgo/metrics"
)

// bounds are the upper ends of the histogram's buckets.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// A histogram counts durations. The last bucket has no upper end.
type histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64
	sum     atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// Families returns the counts as metrics.
func (m *Monitor) Families() []metrics.Family {
	s := m.Stats()
	one := func(v float64) []metrics.Sample { return []metrics.Sample{{Value: v}} }
	requests := metrics.Family{Name: "http_requests_total", Help: "Requests answered, by the class of their status; none: without an answer.", Type: metrics.Counter}
	for class, n := range s.Requests {
		name := strconv.Itoa(class) + "xx"
		if class == 0 {
			name = "none"
		}
		requests.Samples = append(requests.Samples, metrics.Sample{Labels: []metrics.Label{{Name: "class", Value: name}}, Value: float64(n)})
	}
	return []metrics.Family{
		requests,
		{Name: "http_response_bytes_total", Help: "Bytes of the answers' bodies.", Type: metrics.Counter, Samples: one(float64(s.Bytes))},
		{Name: "http_requests_in_flight", Help: "Requests under way.", Type: metrics.Gauge, Samples: one(float64(s.InFlight))},
		{Name: "http_connections", Help: "Open connections.", Type: metrics.Gauge, Samples: one(float64(s.Conns))},
		{Name: "http_connections_total", Help: "Connections accepted.", Type: metrics.Counter, Samples: one(float64(s.Accepted))},
		{
			Name: "http_request_duration_seconds", Help: "Time from a request's head to its handler's end.", Type: metrics.Histogram,
			Samples: []metrics.Sample{m.took.sample()},
		},
	}
}

// sample returns the buckets, each with all that are below, and as the count what they add up to: requests that end
// meanwhile are in both or in none.
func (h *histogram) sample() metrics.Sample {
	s := metrics.Sample{Sum: time.Duration(h.sum.Load()).Seconds()}
	for i, bound := range bounds {
		s.Count += h.buckets[i].Load()
		s.Buckets = append(s.Buckets, metrics.Bucket{UpTo: bound.Seconds(), Count: s.Count})
	}
	s.Count += h.buckets[len(bounds)].Load()
	return s
}
