package requests

import (
	"context"
	"net/netip"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/await"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A ReverseLookup is a question for an address's names. C type
// uv_getnameinfo_t.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getnameinfo_t
type ReverseLookup struct {
	req  submit.Request
	loop *core.Core // for Cancel: the core of req is nil once the request has ended
	addr netip.AddrPort
	fn   func(host, service string, err error)
	c    cuv.GetNameInfo
	done bool
}

// reverseTarget is a ReverseLookup with the methods that the loop calls.
type reverseTarget ReverseLookup

var _ core.Target = (*reverseTarget)(nil)

// A NameInfoFlag is a set of flags of a reverse lookup, see getnameinfo(3).
type NameInfoFlag int

// The flags of a reverse lookup.
const (
	NINameReqd    NameInfoFlag = cuv.NINameReqd    // an address without a name is an error
	NIDgram       NameInfoFlag = cuv.NIDgram       // the service is one over UDP
	NINoFQDN      NameInfoFlag = cuv.NINoFQDN      // local hosts without their domain
	NINumericHost NameInfoFlag = cuv.NINumericHost // the address itself
	NINumericServ NameInfoFlag = cuv.NINumericServ // the port itself

	niAll = NINameReqd | NIDgram | NINoFQDN | NINumericHost | NINumericServ
)

// GetNameInfo asks the system for the names of an address's host and port. What
// has no name is returned in figures, unless NINameReqd is set. fn runs once, on
// the loop. The call occupies a thread of the pool, as GetAddrInfo of a name does. EINVAL for
// a nil fn, no address, or the zone of no interface; EAI_BADFLAGS for unknown
// flags. C function uv_getnameinfo.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getnameinfo
func GetNameInfo(l uv.Loop, addr netip.AddrPort, flags NameInfoFlag, fn func(host, service string, err error)) (*ReverseLookup, error) {
	ip, ok := numberZone(addr.Addr())
	if fn == nil || !ok || !addr.IsValid() {
		return nil, uv.FailAddr("getnameinfo", addr.String(), uv.EINVAL)
	}
	if flags&^niAll != 0 { // libuv aborts at errors of other flags
		return nil, uv.FailAddr("getnameinfo", addr.String(), uv.EAI_BADFLAGS)
	}
	core, err := core.Use(l, "getnameinfo")
	if err != nil {
		return nil, err
	}
	r := &ReverseLookup{addr: addr, fn: fn, loop: core}
	r.req.Begin(core, (*reverseTarget)(r), "getnameinfo", nil)
	c, rc := core.Ring().NewGetNameInfo(netip.AddrPortFrom(ip, addr.Port()), int(flags), r.req.Slot, r.req.Gen)
	if rc < 0 {
		r.req.End()
		return nil, uv.CheckAddr("getnameinfo", addr.String(), rc)
	}
	r.c = c
	return r, nil
}

// GetNameInfoContext is [GetNameInfo] for goroutines other than the loop's,
// while the loop runs. When ctx ends it returns at once, with ctx's error. C
// function uv_getnameinfo.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getnameinfo
func GetNameInfoContext(ctx context.Context, l uv.Loop, addr netip.AddrPort, flags NameInfoFlag) (host, service string, err error) {
	type names struct{ host, service string }
	n, err := await.Do(ctx, l, "getnameinfo", nil, nil, func(fn func(names, error)) (*ReverseLookup, error) {
		return GetNameInfo(l, addr, flags, func(host, service string, err error) { fn(names{host, service}, err) })
	})
	return n.host, n.service, err
}

// Cancel cancels the lookup if no thread has begun it: fn then gets
// uv.EAI_CANCELED, which errors.Is matches with uv.ECANCELED and
// context.Canceled. EBUSY if a thread has, also after fn has run. C function
// uv_cancel.
//
// https://docs.libuv.org/en/v1.x/request.html#c.uv_cancel
func (r *ReverseLookup) Cancel() error {
	if r == nil || r.loop == nil {
		return uv.Fail("cancel getnameinfo", uv.EINVAL)
	}
	if err := r.loop.Check("cancel getnameinfo"); err != nil {
		return err
	}
	if r.done {
		return uv.FailAddr("cancel getnameinfo", r.addr.String(), uv.EBUSY)
	}
	if rc := r.c.Cancel(); rc < 0 {
		return uv.CheckAddr("cancel getnameinfo", r.addr.String(), rc)
	}
	return nil
}

// Complete reports the names. C type uv_getnameinfo_cb.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getnameinfo_cb
func (r *reverseTarget) Complete(ev *cuv.Event) {
	rc := int(ev.Status)
	var host, service string
	if rc == 0 {
		host, service = r.c.Names()
	}
	r.c.Free()
	fn := r.fn
	r.req.End()
	r.done, r.c, r.fn = true, cuv.GetNameInfo{}, nil
	if rc < 0 {
		fn("", "", uv.CheckAddr(r.req.Op, r.addr.String(), rc))
		return
	}
	fn(host, service, nil)
}
