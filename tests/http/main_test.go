// Package http holds uvhttp.Server to net/http's: both get the same requests, byte by byte, and must give
// the same answers. It also has clients and handlers that behave badly.
package http

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }
