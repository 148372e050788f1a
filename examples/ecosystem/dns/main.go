// Dns is a name server on libuv with the library miekg/dns: it answers over UDP and TCP for one zone, and refuses
// others. What differs from a program on package net are the two lines that listen. Try it:
//
//	cd examples/ecosystem
//	go run ./dns & # when it says listening:
//	dig @127.0.0.1 -p 5353 www.uvgo.test
//	dig @127.0.0.1 -p 5353 +tcp uvgo.test TXT
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/miekg/dns"

	"github.com/uvgo/uvgo/uvnet"
)

// zone is what the server knows. A name server reads it from a file.
const zone = `
$ORIGIN uvgo.test.
$TTL 60
@	SOA	ns hostmaster 1 3600 900 604800 60
@	NS	ns
@	TXT	"libuv for Go"
ns	A	127.0.0.1
www	A	192.0.2.1
www	A	192.0.2.2
www	AAAA	2001:db8::1
alias	CNAME	www
`

func main() {
	addr := flag.String("addr", "127.0.0.1:5353", "`address` to listen on; port 0 takes any")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr string) error {
	answers, err := parse(zone)
	if err != nil {
		return err
	}
	ln, err := uvnet.Listen("tcp", addr) // on package net: net.Listen
	if err != nil {
		return err
	}
	pc, err := uvnet.ListenPacket("udp", ln.Addr().String()) // on package net: net.ListenPacket
	if err != nil {
		return err
	}
	servers := []*dns.Server{{Listener: ln, Handler: answers}, {PacketConn: pc, Handler: answers}}
	ended := make(chan error, len(servers))
	for _, s := range servers {
		go func() { ended <- s.ActivateAndServe() }()
	}
	fmt.Println("listening on", ln.Addr())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	for _, s := range servers { // each finishes the questions that it has read
		if err := s.ShutdownContext(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

// records are those of a zone, by name.
type records map[string][]dns.RR

func parse(text string) (records, error) {
	all := make(records)
	z := dns.NewZoneParser(strings.NewReader(text), "", "zone")
	for rr, ok := z.Next(); ok; rr, ok = z.Next() {
		all[rr.Header().Name] = append(all[rr.Header().Name], rr)
	}
	return all, z.Err()
}

// ServeDNS answers a question. It runs on a goroutine of its own, so it may wait.
func (all records) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	a := new(dns.Msg).SetReply(q)
	name, kind := strings.ToLower(q.Question[0].Name), q.Question[0].Qtype
	switch {
	case !dns.IsSubDomain("uvgo.test.", name):
		a.Rcode = dns.RcodeRefused
	case all[name] == nil:
		a.Authoritative, a.Rcode = true, dns.RcodeNameError
	default:
		a.Authoritative = true
		a.Answer = all.find(name, kind)
	}
	if size := q.IsEdns0(); w.LocalAddr().Network() == "udp" { // what does not fit is asked for again over TCP
		room := dns.MinMsgSize
		if size != nil {
			room = int(size.UDPSize())
		}
		a.Truncate(room)
	}
	if err := w.WriteMsg(a); err != nil {
		log.Print(err)
	}
}

// find returns a name's records of a kind. An alias brings those of its target.
func (all records) find(name string, kind uint16) (found []dns.RR) {
	for _, rr := range all[name] {
		alias, isAlias := rr.(*dns.CNAME)
		switch {
		case rr.Header().Rrtype == kind || kind == dns.TypeANY:
			found = append(found, rr)
		case isAlias:
			found = append(append(found, rr), all.find(alias.Target, kind)...)
		}
	}
	return found
}
