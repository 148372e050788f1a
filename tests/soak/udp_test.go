package soak

import (
	"bytes"
	"net/netip"

	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	register(&actor{name: "handles.UDP", weight: 5, run: datagrams})
}

// datagrams sends datagrams between two sockets in all ways. The kernel may drop some; those that come are whole, and each send completes.
func datagrams(o *op) {
	a, b := o.loop(), o.loop()
	var addr netip.AddrPort
	var srv *handles.UDP
	got := make(chan struct{}, 1)
	o.on(a, func() {
		var opts []handles.UDPOption
		if o.chance(2) && a != o.w.loops[2] { // whose arena is too small for it
			opts = append(opts, handles.RecvMMsg)
		}
		srv = must[*handles.UDP](o, "udp")(a.NewUDP(opts...))
		o.closes(srv)
		o.check("bind", srv.Bind(loopback))
		addr = must[netip.AddrPort](o, "address")(srv.LocalAddr())
		o.check("receive", srv.RecvStart(func(d handles.Datagram, err error) {
			if !o.check("receive", err, uv.ECONNREFUSED) {
				return
			}
			if in := new(reader); in.feed(d.Data) != nil || in.frames != 1 || in.rest() != 0 {
				o.lose("a datagram of %d bytes came damaged", len(d.Data))
			} else {
				o.arrived(in.bytes)
			}
			select {
			case got <- struct{}{}:
			default:
			}
			if o.chance(4) {
				o.check("answer", srv.Send(d.Data, d.Addr))
			}
		}))
	})
	early := o.chance(3) // the sender closes with sends under way
	var cl *handles.UDP
	o.on(b, func() {
		cl = must[*handles.UDP](o, "udp")(b.NewUDP())
		o.closes(cl)
		to := addr
		if o.chance(2) {
			o.check("connect", cl.Connect(addr))
			to = netip.AddrPort{}
		}
		o.check("receive", cl.RecvStart(func(d handles.Datagram, err error) {
			if o.check("receive", err, uv.ECONNREFUSED) && !bytes.Equal(d.Data, frame(d.Data[frameHead:])) {
				o.lose("an answer of %d bytes came damaged", len(d.Data))
			}
		}))
		for range 1 + o.IntN(30) {
			f := frame(o.payload(8 << 10))
			switch o.IntN(4) {
			case 0:
				o.check("send", cl.Send(f, to))
			case 1:
				sent := o.owe("a send callback")
				if err := cl.SendFunc(func(err error) {
					sent()
					if early {
						o.check("send", err, uv.ECANCELED)
					} else {
						o.check("send", err)
					}
				}, to, f[:frameHead], f[frameHead:]); !o.check("send", err) {
					sent()
				}
			case 2:
				o.check("try send", cl.TrySend(f, to), uv.EAGAIN)
			case 3:
				batch := []handles.Datagram{{Data: f, Addr: to}, {Data: frame(nil), Addr: to}, {Data: f, Addr: to}}
				if n, err := cl.TrySend2(batch); o.check("try send 2", err, uv.EAGAIN) && (n < 1 || n > 3) {
					o.lose("TrySend2 of 3 datagrams sent %d", n)
				}
			}
		}
		if early {
			o.fault("a UDP handle closed with sends under way")
			_ = cl.Close()
		}
	})
	if !early {
		o.await(got, "a first datagram")
	}
	o.on(b, func() { o.drainThenClose(cl) })
	o.on(a, func() { _ = srv.Close() })
}

// drainThenClose closes a UDP handle when its queue is empty, so that no send is cancelled.
func (o *op) drainThenClose(u *handles.UDP) {
	if u.Closing() {
		return
	}
	if u.SendQueueCount() == 0 {
		_ = u.Close()
		return
	}
	u.OnSent(func(int, error) {
		if u.SendQueueCount() == 0 {
			_ = u.Close()
		}
	})
}
