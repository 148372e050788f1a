package uvnet

import (
	"context"
	"net"
	"net/http/httptrace"
)

// A traceless is a context without the hooks of an httptrace.ClientTrace. Package net
// keeps a copy of the hooks for lookups under a key of its own, which is left there: see
// lookupContext.
type traceless struct{ context.Context }

// Value returns what the context has for key, unless that is a ClientTrace.
func (c traceless) Value(key any) any {
	v := c.Context.Value(key)
	if _, ok := v.(*httptrace.ClientTrace); ok {
		return nil
	}
	return v
}

// A valueless is a context without values, which ends as its parent does.
type valueless struct{ context.Context }

// Value returns nil.
func (valueless) Value(any) any { return nil }

// lookupContext is ctx for a resolver: with the hooks for lookups, which package net's
// resolver calls itself, and without the hooks for connecting. A connection to a name
// server is not the one that the caller traces.
func lookupContext(ctx context.Context) context.Context {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil || trace.ConnectStart == nil && trace.ConnectDone == nil {
		return ctx
	}
	shadow := *trace
	shadow.ConnectStart, shadow.ConnectDone = nil, nil
	if shadow.DNSStart == nil { // a trace without DNSStart would leave package net's copy in force
		shadow.DNSStart = func(httptrace.DNSStartInfo) {}
	}
	return httptrace.WithClientTrace(traceless{ctx}, &shadow)
}

// traced runs a dial of one address between the hooks for connecting.
func traced(ctx context.Context, network string, addr net.Addr, dial func() (net.Conn, error)) (net.Conn, error) {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil || trace.ConnectStart == nil && trace.ConnectDone == nil {
		return dial()
	}
	name := addr.String()
	if trace.ConnectStart != nil {
		trace.ConnectStart(network, name)
	}
	c, err := dial()
	if trace.ConnectDone != nil {
		trace.ConnectDone(network, name, err)
	}
	return c, err
}
