package soak

import (
	"context"
	"errors"
	"net/netip"

	"github.com/uvgo/uvgo/requests"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(
		&actor{name: "requests.GetAddrInfo", weight: 3, run: lookups},
		&actor{name: "requests.Random", weight: 2, run: randoms},
		&actor{name: "requests.Work", weight: 4, run: works},
	)
}

// canceller is a request that can be cancelled.
type canceller interface{ Cancel() error }

// maybeCancel cancels a request, or not.
func (o *op) maybeCancel(r canceller) {
	if !o.chance(2) {
		return
	}
	if err := r.Cancel(); err != nil && !errors.Is(err, uv.EBUSY) {
		o.lose("cancel: %v", err)
	}
}

// lookups looks up names that need no server, and addresses, and cancels some.
func lookups(o *op) {
	l := o.loop()
	o.on(l, func() {
		for range 1 + o.IntN(6) {
			paid := o.owe("a lookup's callback")
			if o.chance(4) {
				r, err := requests.GetNameInfo(l, netip.MustParseAddrPort("127.0.0.1:80"), requests.NINumericHost|requests.NINumericServ, func(host, port string, err error) {
					paid()
					if o.check("name", err, uv.ECANCELED, context.Canceled) && (host != "127.0.0.1" || port != "80") {
						o.lose("127.0.0.1:80 has the name %s:%s", host, port)
					}
				})
				if !o.check("name", err) {
					paid()
				} else {
					o.maybeCancel(r)
				}
				continue
			}
			host := []string{"localhost", "127.0.0.1", "::1"}[o.IntN(3)]
			r, err := requests.GetAddrInfo(l, host, "80", requests.AddrInfoHints{SockType: 1}, func(list []requests.AddrInfo, err error) {
				paid()
				if o.check("lookup of "+host, err, uv.ECANCELED, context.Canceled) && (len(list) == 0 || !list[0].Addr.Addr().IsLoopback()) {
					o.lose("%s has the addresses %v", host, list)
				}
			})
			if !o.check("lookup", err) {
				paid()
			} else {
				o.maybeCancel(r)
			}
		}
	})
	if o.chance(3) {
		ctx, cancel := context.WithTimeout(context.Background(), o.pause())
		defer cancel()
		_, err := requests.GetAddrInfoContext(ctx, l, "localhost", "80", requests.AddrInfoHints{})
		o.check("lookup", err, context.DeadlineExceeded)
	}
}

// randoms fills buffers with random bytes.
func randoms(o *op) {
	l := o.loop()
	o.on(l, func() {
		for range 1 + o.IntN(4) {
			paid := o.owe("a callback with random bytes")
			n := 64 + o.IntN(4096)
			r, err := requests.StartRandomBytes(l, n, func(p []byte, err error) {
				paid()
				if o.check("random", err, uv.ECANCELED) && (len(p) != n || [16]byte(p) == [16]byte{}) {
					o.lose("%d of %d random bytes, the first %x", len(p), n, p[:16])
				}
			})
			if !o.check("random", err) {
				paid()
			} else {
				o.maybeCancel(r)
			}
		}
	})
	_, err := requests.RandomBytesContext(context.Background(), l, 32)
	o.check("random", err)
}

// works runs functions on the pool of goroutines; some panic, some are cancelled while they wait.
func works(o *op) {
	l := o.loop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o.on(l, func() {
		for range 1 + o.IntN(24) {
			paid := o.owe("the end of work")
			want := []error{nil, errProvoked}[o.IntN(2)]
			boom := o.chance(16)
			w, err := requests.StartWorkContext(ctx, l, func(context.Context) error {
				if boom {
					panic(errProvoked)
				}
				return want
			}, func(err error) {
				paid()
				var p *uv.PanicError
				switch {
				case errors.Is(err, uv.ECANCELED) || errors.Is(err, context.Canceled):
					o.fault("work was cancelled")
				case boom:
					if !errors.As(err, &p) {
						o.lose("work that panicked ended with %v", err)
					}
					o.fault("a panic")
				case err != want:
					o.lose("work ended with %v, want %v", err, want)
				}
			})
			if !o.check("work", err) {
				paid()
			} else {
				o.maybeCancel(w)
			}
		}
	})
	if o.chance(2) {
		cancel()
	}
	o.settle()
}
