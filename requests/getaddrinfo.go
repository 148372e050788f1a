package requests

import (
	"context"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/internal/await"
	"github.com/uvgo/uvgo/internal/core"
	"github.com/uvgo/uvgo/internal/submit"
	"github.com/uvgo/uvgo/uv"
)

// A Lookup is a question for a host's addresses. C type uv_getaddrinfo_t.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getaddrinfo_t
type Lookup struct {
	req  submit.Request
	loop *core.Core // for Cancel: the core of req is nil once the request has ended
	host string
	fn   func([]AddrInfo, error)
	c    cuv.GetAddrInfo // zero for a literal
	list []AddrInfo      // the answer for a literal
	rc   int             // the error for a literal
	done bool
}

// lookupTarget is a Lookup with the methods that the loop calls.
type lookupTarget Lookup

var _ core.Target = (*lookupTarget)(nil)
var _ uv.Deferred = (*lookupTarget)(nil)

// An AddrInfo is one answer to a lookup.
type AddrInfo struct {
	Addr      netip.AddrPort // port 0 unless a service was asked for; a zone is the interface's number
	SockType  int            // such as unix.SOCK_STREAM
	Protocol  int            // such as unix.IPPROTO_TCP
	CanonName string         // the host's canonical name, on the first answer, with AICanonName
}

// A Family restricts a lookup to one kind of address; zero is both.
type Family int

// The families.
const (
	AnyFamily Family = 0
	IPv4      Family = 4
	IPv6      Family = 6
)

// AddrInfoHints narrow a lookup; the zero value asks for everything.
type AddrInfoHints struct {
	Family   Family
	SockType int // zero: an answer for each type a host can be reached by
	Protocol int // zero: any
	Flags    AddrInfoFlag
}

// An AddrInfoFlag is a set of flags of a lookup, see getaddrinfo(3).
type AddrInfoFlag int

// The flags of a lookup.
const (
	AIPassive     AddrInfoFlag = cuv.AIPassive     // without a host: addresses to bind to
	AICanonName   AddrInfoFlag = cuv.AICanonName   // fill in CanonName
	AINumericHost AddrInfoFlag = cuv.AINumericHost // the host is an address
	AINumericServ AddrInfoFlag = cuv.AINumericServ // the service is a port
	AIAddrConfig  AddrInfoFlag = cuv.AIAddrConfig  // only families that this machine has an address of
	AIV4Mapped    AddrInfoFlag = cuv.AIV4Mapped    // IPv4 as mapped IPv6 where there is no IPv6
	AIAll         AddrInfoFlag = cuv.AIAll         // with AIV4Mapped: both

	aiAll = AIPassive | AICanonName | AINumericHost | AINumericServ | AIAddrConfig | AIV4Mapped | AIAll
)

// GetAddrInfo asks the system for the addresses of a host, a service's port
// among them; either may be empty. fn runs once, on the loop, with at least one
// answer or an error such as uv.EAI_NONAME. An address literal is answered in
// the next turn without the thread pool; a host name occupies a thread of the pool for as
// long as the system's resolver waits. The pool has 4 threads, or as many as the
// environment variable UV_THREADPOOL_SIZE says at the pool's first use (1,024 at
// most). Lookups of names may occupy half of them, so in a pool of 4 two names whose servers
// do not answer delay all other lookups. net.Resolver has no such limit. EINVAL for a nil fn, no host and no
// service, or a malformed host: longer than 253 bytes, with a NUL, not UTF-8;
// EAI_BADFLAGS for unknown flags. C function uv_getaddrinfo.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getaddrinfo
func GetAddrInfo(l uv.Loop, host, service string, hints AddrInfoHints, fn func(list []AddrInfo, err error)) (*Lookup, error) {
	if fn == nil {
		return nil, uv.FailAddr("getaddrinfo", host, uv.EINVAL)
	}
	core, err := core.Use(l, "getaddrinfo")
	if err != nil {
		return nil, err
	}
	if errno := checkQuestion(host, service, hints); errno != 0 {
		return nil, uv.FailAddr("getaddrinfo", host, errno)
	}
	r := &Lookup{host: host, fn: fn, loop: core}
	r.req.Core, r.req.Op = core, "getaddrinfo"
	if list := literal(host, service, hints); list != nil {
		r.list = list
		core.Defer((*lookupTarget)(r))
		return r, nil
	}
	r.req.Begin(core, (*lookupTarget)(r), "getaddrinfo", nil)
	c, rc := core.Ring().NewGetAddrInfo(host, service, int(hints.Family), hints.SockType, hints.Protocol, int(hints.Flags), r.req.Slot, r.req.Gen)
	if rc < 0 {
		r.req.End()
		return nil, uv.CheckAddr("getaddrinfo", host, rc)
	}
	r.c = c
	return r, nil
}

// GetAddrInfoContext is [GetAddrInfo] for goroutines other than the loop's,
// while the loop runs. When ctx ends it returns at once, with ctx's error: a
// lookup that waits for a thread is cancelled, the answer to one that a thread has begun
// is dropped. C function uv_getaddrinfo.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getaddrinfo
func GetAddrInfoContext(ctx context.Context, l uv.Loop, host, service string, hints AddrInfoHints) ([]AddrInfo, error) {
	return await.Do(ctx, l, "getaddrinfo", nil, nil, func(fn func([]AddrInfo, error)) (*Lookup, error) {
		return GetAddrInfo(l, host, service, hints, fn)
	})
}

// Cancel cancels the lookup if no thread has begun it: fn then gets
// uv.EAI_CANCELED, which errors.Is matches with uv.ECANCELED and
// context.Canceled. EBUSY if a thread has, also after fn has run. C function
// uv_cancel.
//
// https://docs.libuv.org/en/v1.x/request.html#c.uv_cancel
func (r *Lookup) Cancel() error {
	if r == nil || r.loop == nil {
		return uv.Fail("cancel getaddrinfo", uv.EINVAL)
	}
	if err := r.loop.Check("cancel getaddrinfo"); err != nil { // first, because the fields below are the loop's
		return err
	}
	switch {
	case r.done:
		return uv.FailAddr("cancel getaddrinfo", r.host, uv.EBUSY)
	case r.list != nil:
		r.rc = int(uv.EAI_CANCELED)
		r.list = nil
		return nil
	case r.rc < 0: // a literal that was cancelled before
		return uv.FailAddr("cancel getaddrinfo", r.host, uv.EBUSY)
	}
	return uv.CheckAddr("cancel getaddrinfo", r.host, r.c.Cancel())
}

// Deliver answers a question whose host is a literal. No libuv counterpart.
func (r *lookupTarget) Deliver() {
	list, fn := r.list, r.fn
	(*Lookup)(r).finish()
	fn(list, uv.CheckAddr(r.req.Op, r.host, r.rc))
}

// Complete reports the answer. C type uv_getaddrinfo_cb.
//
// https://docs.libuv.org/en/v1.x/dns.html#c.uv_getaddrinfo_cb
func (r *lookupTarget) Complete(ev *cuv.Event) {
	rc := int(ev.Status)
	var list []AddrInfo
	if rc == 0 {
		list = make([]AddrInfo, r.c.Len())
		for i := range list {
			e := &list[i]
			e.Addr, e.SockType, e.Protocol = r.c.At(i)
		}
		if len(list) == 0 { // the addresses were all of other kinds than IPv4 and IPv6
			rc = int(uv.EAI_NODATA)
		} else {
			list[0].CanonName = r.c.CanonName()
		}
	}
	r.c.Free()
	fn := r.fn
	r.req.End()
	(*Lookup)(r).finish()
	fn(list, uv.CheckAddr(r.req.Op, r.host, rc))
}

// finish marks the lookup as done and drops what it refers to, which the caller may keep
// alive with the Lookup.
func (r *Lookup) finish() {
	r.done = true
	r.c, r.fn, r.list, r.req.Core = cuv.GetAddrInfo{}, nil, nil, nil
}

// maxHost is the length in bytes of the longest name of the domain name system.
const maxHost = 253

// checkQuestion refuses what libuv or the C library would misread or abort at.
func checkQuestion(host, service string, hints AddrInfoHints) uv.Errno {
	ascii := strings.IndexFunc(host, func(c rune) bool { return c >= utf8.RuneSelf }) < 0
	switch {
	case host == "" && service == "",
		strings.IndexByte(host, 0) >= 0, strings.IndexByte(service, 0) >= 0,
		!utf8.ValidString(host),
		ascii && len(strings.TrimSuffix(host, ".")) > maxHost: // libuv measures other names, once encoded
		return uv.EINVAL
	case hints.Flags&^aiAll != 0: // libuv aborts at errors of other flags
		return uv.EAI_BADFLAGS
	case hints.Family != AnyFamily && hints.Family != IPv4 && hints.Family != IPv6:
		return uv.EAI_FAMILY
	}
	if _, numeric, ok := port(service); numeric && !ok { // C libraries truncate the number
		return uv.EAI_SERVICE
	}
	return 0
}
