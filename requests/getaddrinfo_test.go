package requests_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

var stream = requests.AddrInfoHints{SockType: unix.SOCK_STREAM}

// lookup asks and runs the loop until the answer is there.
func lookup(t testing.TB, l *uvgo.Loop, host, service string, hints requests.AddrInfoHints) (list []requests.AddrInfo, err error) {
	t.Helper()
	called := uvtest.NewCounter(t, "lookup of "+host, 1)
	_, e := requests.GetAddrInfo(l, host, service, hints, func(got []requests.AddrInfo, e error) {
		called.Inc()
		list, err = got, e
	})
	uvtest.Check(t, e)
	if called.N() != 0 {
		t.Errorf("%s: answered inside the call", host)
	}
	looptest.Run(t, l)
	return list, err
}

// TestGetAddrInfoOfHostsFile finds every name of /etc/hosts, with its address
// among the answers.
func TestGetAddrInfoOfHostsFile(t *testing.T) {
	l := looptest.New(t)
	text, err := os.ReadFile("/etc/hosts")
	uvtest.Check(t, err)
	names := 0
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		ip, err := netip.ParseAddr(fields[0])
		if err != nil || ip.Zone() != "" || !ip.Is4() {
			continue
		}
		for _, name := range fields[1:] {
			names++
			list, err := lookup(t, l, name, "7", stream)
			uvtest.Check(t, err)
			if !slices.Contains(list, requests.AddrInfo{Addr: netip.AddrPortFrom(ip, 7), SockType: unix.SOCK_STREAM, Protocol: unix.IPPROTO_TCP}) {
				t.Errorf("%s: %v has no %v", name, list, ip)
			}
		}
	}
	if names == 0 {
		t.Error("/etc/hosts has no IPv4 names, not even localhost")
	}
}

// TestGetAddrInfoAgreesWithNet compares localhost's addresses.
func TestGetAddrInfoAgreesWithNet(t *testing.T) {
	l := looptest.New(t)
	want, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip4", "localhost")
	uvtest.Check(t, err)
	hints := stream
	hints.Family, hints.Flags = requests.IPv4, requests.AICanonName
	list, err := lookup(t, l, "localhost", "", hints)
	uvtest.Check(t, err)
	var got []netip.Addr
	for i, e := range list {
		got = append(got, e.Addr.Addr())
		if (e.CanonName != "") != (i == 0) {
			t.Errorf("answer %d has the canonical name %q", i, e.CanonName)
		}
	}
	for i := range want {
		want[i] = want[i].Unmap()
	}
	slices.SortFunc(want, netip.Addr.Compare)
	slices.SortFunc(got, netip.Addr.Compare)
	if diff := cmp.Diff(slices.Compact(want), slices.Compact(got), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("addresses (-net +ours):\n%s", diff)
	}
}

// TestGetAddrInfoOfLiterals compares the answers given without the pool with
// the system's: AIV4Mapped changes nothing but who answers.
func TestGetAddrInfoOfLiterals(t *testing.T) {
	l := looptest.New(t)
	lo, err := net.InterfaceByIndex(1)
	uvtest.Check(t, err)
	for _, host := range []string{"127.0.0.1", "192.0.2.7", "::1", "2001:db8::7", "::ffff:192.0.2.7", "fe80::1%" + lo.Name, "fe80::1%1"} {
		for _, service := range []string{"", "0", "80", "65535"} {
			for _, hints := range []requests.AddrInfoHints{
				{}, stream, {SockType: unix.SOCK_DGRAM}, {SockType: unix.SOCK_RAW}, {SockType: 99},
				{Protocol: unix.IPPROTO_TCP}, {SockType: unix.SOCK_STREAM, Protocol: unix.IPPROTO_UDP},
				{Family: requests.IPv4}, {Family: requests.IPv6, SockType: unix.SOCK_STREAM},
				{Flags: requests.AICanonName}, {Flags: requests.AINumericHost | requests.AINumericServ}, {Flags: requests.AIPassive},
			} {
				ours, err := lookup(t, l, host, service, hints)
				if hints.Family == requests.AnyFamily {
					hints.Flags |= requests.AIV4Mapped
				} else {
					hints.Flags |= requests.AIAll // without AIV4Mapped: nothing
				}
				system, want := lookup(t, l, host, service, hints)
				if want != nil {
					uvtest.IsErr(t, host, err, want.(*uv.Error).Errno)
				}
				if diff := cmp.Diff(system, ours, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
					t.Errorf("%s %q %+v (-system +ours):\n%s", host, service, hints, diff)
				}
			}
		}
	}
}

// TestGetAddrInfoLiteralsKeepOrder: one turn, in the order of the calls, and the
// loop is alive until then.
func TestGetAddrInfoLiteralsKeepOrder(t *testing.T) {
	l := looptest.New(t)
	var got []string
	var want []string
	for i := range 100 {
		host := "192.0.2." + strconv.Itoa(i)
		want = append(want, host)
		_, err := requests.GetAddrInfo(l, host, "", stream, func(list []requests.AddrInfo, err error) {
			uvtest.Check(t, err)
			got = append(got, list[0].Addr.Addr().String())
		})
		uvtest.Check(t, err)
	}
	if !l.Alive() || !errors.Is(l.Close(), uv.EBUSY) {
		t.Error("the loop does not wait for literals")
	}
	uvtest.Must(l.RunOnce())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if l.Alive() {
		t.Error("the loop is alive after the last answer")
	}
}

// TestGetAddrInfoWithoutHost asks for addresses of one's own.
func TestGetAddrInfoWithoutHost(t *testing.T) {
	l := looptest.New(t)
	hints := stream
	hints.Family = requests.IPv4
	for flag, want := range map[requests.AddrInfoFlag]string{0: "127.0.0.1:80", requests.AIPassive: "0.0.0.0:80"} {
		hints.Flags = flag
		list, err := lookup(t, l, "", "80", hints)
		uvtest.Check(t, err)
		if len(list) != 1 || list[0].Addr.String() != want {
			t.Errorf("flags %d: %v, want %s", flag, list, want)
		}
	}
}

// TestGetAddrInfoErrors: what cannot be asked fails in the call, what has no
// answer later; none leaves anything.
func TestGetAddrInfoErrors(t *testing.T) {
	l := looptest.New(t)
	long := strings.Repeat("a.", 126) + "aa" // one byte too many
	for _, c := range []struct {
		host, service string
		hints         requests.AddrInfoHints
		want          error
	}{
		{"", "", stream, uv.EINVAL},
		{long, "", stream, uv.EINVAL},
		{strings.Repeat("ä", 300), "", stream, uv.EINVAL},
		{"local\x00host", "", stream, uv.EINVAL},
		{"localhost", "8\x000", stream, uv.EINVAL},
		{"local\xffhost", "", stream, uv.EINVAL},
		{"localhost", "65536", stream, uv.EAI_SERVICE},
		{"127.0.0.1", "4294967376", stream, uv.EAI_SERVICE},
		{"localhost", "", requests.AddrInfoHints{Family: 5}, uv.EAI_FAMILY},
		{"localhost", "", requests.AddrInfoHints{Flags: 0x40}, uv.EAI_BADFLAGS}, // AI_IDN
	} {
		_, err := requests.GetAddrInfo(l, c.host, c.service, c.hints, func([]requests.AddrInfo, error) { t.Error("called") })
		uvtest.IsErr(t, strconv.Quote(c.host)+" "+strconv.Quote(c.service), err, c.want)
	}
	_, err := requests.GetAddrInfo(l, "localhost", "", stream, nil)
	uvtest.IsErr(t, "no function", err, uv.EINVAL)
	_, err = requests.GetAddrInfo(nil, "localhost", "", stream, func([]requests.AddrInfo, error) {})
	uvtest.IsErr(t, "no loop", err, uv.EINVAL)
	if l.Alive() {
		t.Error("a refused question keeps the loop alive")
	}
	numeric := stream
	numeric.Flags = requests.AINumericHost
	for _, c := range []struct {
		host, service string
		hints         requests.AddrInfoHints
		want          error
	}{
		{"localhost", "", numeric, uv.EAI_NONAME},
		{"fe80::1%nosuchif", "", numeric, uv.EAI_NONAME},
		{"localhost", "no-such-service", stream, uv.EAI_SERVICE},
		{"localhost", "", requests.AddrInfoHints{SockType: 99}, uv.EAI_SOCKTYPE},
	} {
		list, err := lookup(t, l, c.host, c.service, c.hints)
		uvtest.IsErr(t, c.host+" "+c.service, err, c.want)
		var e *uv.Error
		if list != nil || !errors.As(err, &e) || e.Addr != c.host || e.Op != "getaddrinfo" {
			t.Errorf("%s: %v, %#v", c.host, list, err)
		}
	}
	uvtest.Check(t, l.Close())
	_, err = requests.GetAddrInfo(l, "localhost", "", stream, func([]requests.AddrInfo, error) {})
	uvtest.IsErr(t, "closed loop", err, uv.ErrClosed)
}

// TestGetAddrInfoCancel: Cancel's answer and the outcome agree, however the race
// with the pool ends.
func TestGetAddrInfoCancel(t *testing.T) {
	l := looptest.New(t)
	for range 50 {
		const n = 20
		done := uvtest.NewCounter(t, "lookups", n)
		var last *requests.Lookup
		for i := range n {
			var cancelled bool
			r, err := requests.GetAddrInfo(l, "localhost", "", stream, func(list []requests.AddrInfo, err error) {
				done.Inc()
				if cancelled {
					uvtest.IsErr(t, "cancelled", err, uv.EAI_CANCELED)
					uvtest.IsErr(t, "cancelled", err, uv.ECANCELED)
					uvtest.IsErr(t, "cancelled", err, context.Canceled)
				} else if err != nil || len(list) == 0 {
					t.Errorf("not cancelled: %v, %v", list, err)
				}
			})
			uvtest.Check(t, err)
			last = r
			if i%2 == 1 {
				err := r.Cancel()
				if cancelled = err == nil; cancelled {
					uvtest.IsErr(t, "second cancel", r.Cancel(), uv.EBUSY)
				} else {
					uvtest.IsErr(t, "cancel", err, uv.EBUSY)
				}
			}
		}
		looptest.Run(t, l)
		uvtest.IsErr(t, "late cancel", last.Cancel(), uv.EBUSY)
	}
}

// TestGetAddrInfoCancelInTheBatch: between C's callback and Go's the request is
// still there.
func TestGetAddrInfoCancelInTheBatch(t *testing.T) {
	l := looptest.New(t)
	const n = 50
	var rs [n]*requests.Lookup
	done := uvtest.NewCounter(t, "lookups", n)
	for i := range rs {
		r, err := requests.GetAddrInfo(l, "localhost", "", stream, func([]requests.AddrInfo, error) {
			done.Inc()
			for _, r := range rs {
				if err := r.Cancel(); err != nil {
					uvtest.IsErr(t, "cancel", err, uv.EBUSY)
				}
			}
		})
		uvtest.Check(t, err)
		rs[i] = r
	}
	looptest.Run(t, l)
}

func TestGetAddrInfoLiteralCancel(t *testing.T) {
	l := looptest.New(t)
	called := uvtest.NewCounter(t, "answer", 1)
	r, err := requests.GetAddrInfo(l, "127.0.0.1", "", stream, func(list []requests.AddrInfo, err error) {
		called.Inc()
		uvtest.IsErr(t, "cancelled literal", err, uv.ECANCELED)
		if list != nil {
			t.Errorf("cancelled, yet %v", list)
		}
	})
	uvtest.Check(t, err)
	uvtest.Check(t, r.Cancel())
	uvtest.IsErr(t, "second cancel", r.Cancel(), uv.EBUSY)
	looptest.Run(t, l)
	uvtest.IsErr(t, "late cancel", r.Cancel(), uv.EBUSY)
}
