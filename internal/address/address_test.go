package address_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/address"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestAddresses(t *testing.T) {
	for text, want := range map[string]address.Address{
		"tcp://127.0.0.1:80":   {Network: "tcp", HostPort: "127.0.0.1:80", Host: "127.0.0.1", Port: "80"},
		"tcp6://[::1]:http":    {Network: "tcp6", HostPort: "[::1]:http", Host: "::1", Port: "http"},
		"tcp4://:0":            {Network: "tcp4", HostPort: ":0", Port: "0"},
		"udp://localhost:53":   {Network: "udp", HostPort: "localhost:53", Host: "localhost", Port: "53"},
		"unix:///run/a.sock":   {Network: "unix", Path: "/run/a.sock"},
		"unix://@name":         {Network: "unix", Path: "@name"},
		"unix://a:b/systemd:c": {Network: "unix", Path: "a:b/systemd:c"},
		"fd://3":               {Network: "fd", FD: 3},
		"fd://0":               {Network: "fd"},
		"systemd:":             {Network: "systemd"},
		"systemd:web.socket":   {Network: "systemd", Name: "web.socket"},
	} {
		if got, err := address.Parse(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "write tcp://host:port",
		"127.0.0.1:80":       "write tcp://host:port",
		"ftp://host:80":      `"ftp" is none of tcp`,
		"TCP://host:80":      `"TCP" is none of tcp`,
		"tcp://host":         "write tcp://host:port",
		"tcp://":             "write tcp://host:port",
		"udp://::1:80":       "in brackets",
		"unix://":            "no path",
		"fd://":              "number",
		"fd://-1":            "number",
		"fd://three":         "number",
		"fd://2147483648":    "number",
		"systemd://web":      "write systemd:name",
		"systemd:web:socket": "write systemd:name",
	} {
		if a, err := address.Parse(text); !errors.Is(err, uv.EINVAL) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
	}
}
