package metrics

import (
	"fmt"
	"strconv"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvhttp"
	"github.com/uvgo/uvgo/uvnet"
)

// Gather returns all metrics with what they are now. Metrics come in the same order each time, and so do the samples of each. A metric
// without samples is left out.
func (r *Registry) Gather() []Family {
	all := r.readings()
	linked := info
	linked.Samples = []Sample{{Labels: []Label{{"libuv", uvgo.Version()}, {"linkage", uvgo.Linkage()}}, Value: 1}}
	out := []Family{linked}
	var loops []labelled[uv.Stats]
	var servers []labelled[server.Stats]
	var https []labelled[uvhttp.Stats]
	var nets []labelled[uvnet.Stats]
	for _, one := range all {
		for i, s := range one.loops {
			name := one.name
			if !one.single {
				name += "/" + strconv.Itoa(i)
			}
			loops = append(loops, labelled[uv.Stats]{Label{"loop", name}, s})
		}
		if one.server != nil {
			servers = append(servers, labelled[server.Stats]{Label{"server", one.name}, *one.server})
		}
		if one.http != nil {
			https = append(https, labelled[uvhttp.Stats]{Label{"server", one.name}, *one.http})
		}
		if one.net != nil {
			nets = append(nets, labelled[uvnet.Stats]{Label{"net", one.name}, *one.net})
		}
	}
	out = families(out, loopMetrics, loops)
	out = families(out, serverMetrics, servers)
	out = families(out, httpMetrics, https)
	return families(out, netMetrics, nets)
}

// labelled is a snapshot with the label of the thing that it is of.
type labelled[S any] struct {
	label Label
	stats S
}

// families appends the metrics that have samples.
func families[S any](out []Family, metrics []metric[S], all []labelled[S]) []Family {
	for _, d := range metrics {
		f := Family{Name: d.name, Help: d.help, Type: d.typ, Unit: d.unit}
		for _, one := range all {
			f.Samples = append(f.Samples, d.samples(one.stats, one.label)...)
		}
		if len(f.Samples) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// A metric describes a metric of the things whose snapshot is an S. One of its functions is set.
type metric[S any] struct {
	name, help string
	typ        Type
	unit       string
	value      func(S) float64
	hist       func(S) uv.Histogram
	span       span
	by         string // the label of each's names
	each       func(s S, yield func(name string, value float64))
}

func (d metric[S]) samples(s S, of Label) (all []Sample) {
	switch {
	case d.hist != nil:
		return []Sample{d.span.sample(d.hist(s), []Label{of})}
	case d.each != nil:
		d.each(s, func(name string, v float64) {
			all = append(all, Sample{Labels: []Label{of, {d.by, name}}, Value: v})
		})
		return all
	}
	return []Sample{{Labels: []Label{of}, Value: d.value(s)}}
}

func count[S any](name, help string, n func(S) uint64) metric[S] {
	return metric[S]{name: name, help: help, typ: Counter, value: func(s S) float64 { return float64(n(s)) }}
}

func gauge[S any](name, help string, n func(S) uint64) metric[S] {
	return metric[S]{name: name, help: help, typ: Gauge, value: func(s S) float64 { return float64(n(s)) }}
}

func (d metric[S]) in(unit string) metric[S] {
	d.unit = unit
	return d
}

func timed[S any](name, help string, h func(S) uv.Histogram) metric[S] {
	return metric[S]{name: name, help: help, typ: Histogram, unit: "seconds", hist: h, span: times}
}

func seconds[S any](name, help string, v func(S) float64) metric[S] {
	return metric[S]{name: name, help: help, typ: Counter, unit: "seconds", value: v}
}

var loopMetrics = []metric[uv.Stats]{
	count("uvgo_loop_turns_total", "Crossings into C that ran libuv.", func(s uv.Stats) uint64 { return s.Turns }),
	count("uvgo_loop_crossings_total", "Crossings into C for turns, and for operations before a turn's end.", uv.Stats.Crossings),
	count("uvgo_loop_events_total", "Events that turns brought.", func(s uv.Stats) uint64 { return s.Events }),
	{name: "uvgo_loop_events_per_turn", help: "Events that a turn brought.", typ: Histogram, hist: func(s uv.Stats) uv.Histogram { return s.EventsPerTurn }, span: counts},
	timed("uvgo_loop_callback_seconds", "How long callbacks ran.", func(s uv.Stats) uv.Histogram { return s.CallbackTime }),
	timed("uvgo_loop_lag_seconds", "How long turns kept the loop from looking for new events.", func(s uv.Stats) uv.Histogram { return s.Lag }),
	seconds("uvgo_loop_idle_seconds_total", "Time that the loop waited for events.", func(s uv.Stats) float64 { return s.Idle.Seconds() }),
	seconds("uvgo_loop_busy_seconds_total", "Time that the loop ran and did not wait for events.", func(s uv.Stats) float64 { return s.Busy().Seconds() }),
	gauge("uvgo_loop_queue_length", "Posted functions that wait for the loop.", func(s uv.Stats) uint64 { return s.Queued }),
	{name: "uvgo_loop_handles", help: "Open handles by kind.", typ: Gauge, by: "kind", each: func(s uv.Stats, yield func(string, float64)) {
		for kind, n := range s.Handles {
			if kind == int(uv.KindTCP) || kind == int(uv.KindTimer) || n > 0 { // a scrape without any handle has the metric, too
				yield(uv.HandleKind(kind).String(), float64(n))
			}
		}
	}},
	gauge("uvgo_loop_requests", "Requests under way.", func(s uv.Stats) uint64 { return s.Requests }),
	gauge("uvgo_loop_unsent_bytes", "Bytes that streams have queued because the kernel did not take them yet.", func(s uv.Stats) uint64 { return s.Unsent }).in("bytes"),
	count("uvgo_loop_lent_callbacks_total", "Callbacks that might block, which the loop called.", func(s uv.Stats) uint64 { return s.Lent }),
	count("uvgo_loop_taken_callbacks_total", "Lent callbacks that were slow, so that the loop went on without them.", func(s uv.Stats) uint64 { return s.Taken }),
	count("uvgo_loop_block_calls_total", "Times that a callback blocked while the loop went on.", func(s uv.Stats) uint64 { return s.Blocks }),
	gauge("uvgo_loop_blocked_callbacks", "Callbacks that block while the loop goes on.", func(s uv.Stats) uint64 { return s.Blocked }),
	count("uvgo_loop_slow_callbacks_total", "Callbacks that took longer than allowed.", func(s uv.Stats) uint64 { return s.SlowCallbacks }),
	count("uvgo_loop_stuck_callbacks_total", "Callbacks that the watchdog found stuck.", func(s uv.Stats) uint64 { return s.StuckCallbacks }),
	count("uvgo_loop_panics_total", "Callbacks that panicked.", func(s uv.Stats) uint64 { return s.Panics }),
}

var serverMetrics = []metric[server.Stats]{
	gauge("uvgo_server_connections", "Open connections that were accepted.", func(s server.Stats) uint64 { return s.Conns }),
	count("uvgo_server_accepted_total", "Connections accepted.", func(s server.Stats) uint64 { return s.Accepted }),
	count("uvgo_server_dropped_total", "Connections closed at the accept, for lack of descriptors or memory.", func(s server.Stats) uint64 { return s.Dropped }),
	{name: "uvgo_server_closed_total", help: "Connections that ended, by reason.", typ: Counter, by: "reason", each: func(s server.Stats, yield func(string, float64)) {
		for reason, n := range s.Closed.All() {
			yield(reason, float64(n))
		}
	}},
	gauge("uvgo_server_paused_connections", "Open connections whose handler has paused them.", func(s server.Stats) uint64 { return s.Paused }),
	gauge("uvgo_server_full_connections", "Open connections above the high watermark.", func(s server.Stats) uint64 { return s.Full }),
	gauge("uvgo_server_waiting_connections", "Connections that wait because MaxConns is reached.", func(s server.Stats) uint64 { return s.Waiting }),
	count("uvgo_server_delayed_total", "Connections that had to wait because MaxConns was reached.", func(s server.Stats) uint64 { return s.Pauses }),
	count("uvgo_server_cut_total", "Connections that Shutdown closed with bytes unsent.", func(s server.Stats) uint64 { return s.Cut }),
	count("uvgo_server_panics_total", "Panics of handlers and of callbacks of a tls.Config.", func(s server.Stats) uint64 { return s.Panics }),
	count("uvgo_server_messages_total", "Chunks handed to the handler.", func(s server.Stats) uint64 { return s.Messages }),
	count("uvgo_server_received_bytes_total", "Bytes handed to the handler.", func(s server.Stats) uint64 { return s.BytesIn }).in("bytes"),
	count("uvgo_server_written_bytes_total", "Bytes that the handler wrote.", func(s server.Stats) uint64 { return s.BytesOut }).in("bytes"),
	{name: "uvgo_server_handshakes_total", help: "TLS handshakes by result: full, resumed or failed.", typ: Counter, by: "result", each: func(s server.Stats, yield func(string, float64)) {
		yield("full", float64(s.Handshakes-min(s.Handshakes, s.HandshakesResumed)))
		yield("resumed", float64(s.HandshakesResumed))
		yield("failed", float64(s.HandshakesFailed))
	}},
	gauge("uvgo_server_dialed_connections", "Connections of Dial that are open or are being made.", func(s server.Stats) uint64 { return s.DialConns }),
	count("uvgo_server_dialed_total", "Connections that Dial has made.", func(s server.Stats) uint64 { return s.Dialed }),
	count("uvgo_server_dial_failures_total", "Connections that Dial could not make.", func(s server.Stats) uint64 { return s.DialFailed }),
	{name: "uvgo_server_packets_total", help: "Datagrams by what became of them: received, sent or dropped.", typ: Counter, by: "result", each: func(s server.Stats, yield func(string, float64)) {
		yield("received", float64(s.PacketsIn))
		yield("sent", float64(s.PacketsOut))
		yield("dropped", float64(s.PacketsDropped))
	}},
}

var httpMetrics = []metric[uvhttp.Stats]{
	{name: "uvgo_http_requests_total", help: "Requests answered, by the class of the status.", typ: Counter, by: "class", each: func(s uvhttp.Stats, yield func(string, float64)) {
		for class, n := range s.Requests {
			name := fmt.Sprintf("%dxx", class)
			if class == 0 {
				name = "none"
			}
			yield(name, float64(n))
		}
	}},
	gauge("uvgo_http_requests_in_flight", "Requests whose handlers have not returned.", func(s uvhttp.Stats) uint64 { return s.InFlight }),
	timed("uvgo_http_request_seconds", "From a request's head until its handler returned.", func(s uvhttp.Stats) uv.Histogram { return s.RequestTime }),
	count("uvgo_http_panics_total", "Handlers that panicked.", func(s uvhttp.Stats) uint64 { return s.Panics }),
}

var netMetrics = []metric[uvnet.Stats]{
	gauge("uvgo_net_connections", "Open stream connections of uvnet.", uvnet.Stats.Open),
	{name: "uvgo_net_opened_total", help: "Stream connections of uvnet by how they came: accept, dial or file.", typ: Counter, by: "by", each: func(s uvnet.Stats, yield func(string, float64)) {
		yield("accept", float64(s.Accepted))
		yield("dial", float64(s.Dialed))
		yield("file", float64(s.Files))
	}},
	count("uvgo_net_closed_total", "Stream connections of uvnet that were closed.", func(s uvnet.Stats) uint64 { return s.Closed }),
}
