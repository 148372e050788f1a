// Package proxyproto parses and writes the header of the PROXY protocol, versions 1 and 2, by
// which a proxy announces the addresses of the client whose bytes follow.
//
// The parser is strict: what the specification does not allow is [ErrMalformed]. It works on what has arrived so far, and allocates nothing but the paths
// of unix sockets. The package knows no connections; server decides who may send a header.
//
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
package proxyproto
