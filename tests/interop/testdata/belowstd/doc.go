// Package belowstd has the servers of a test binary's net/http served by uvhttp. It needs the hooks that
// uvhttp_routers_test.go lays over net/http and crypto/tls.
package belowstd
