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
		"tls://:443":           {Network: "tcp", HostPort: ":443", Port: "443", TLS: true},
		"tls+tcp4://a:443":     {Network: "tcp4", HostPort: "a:443", Host: "a", Port: "443", TLS: true},
		"tls+unix:///s":        {Network: "unix", Path: "/s", TLS: true},
		"tls+fd://3":           {Network: "fd", FD: 3, TLS: true},
		"tls+systemd:web":      {Network: "systemd", Name: "web", TLS: true},
	} {
		if got, err := address.Parse(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "no scheme; the forms are tcp://host:port, tls://host:port",
		"127.0.0.1:80":       "no scheme; the forms are tcp://host:port, tls://host:port",
		"localhost":          "tls+unix:///path, tls+fd://number and tls+systemd:name",
		"systemd":            "no scheme",
		"ftp://host:80":      `"ftp" is no network; the forms are tcp://host:port`,
		"TCP://host:80":      `"TCP" is no network`,
		"tls+tls://host:80":  `"tls+tls" is no network`,
		"tcp://host":         "no port; the form is tcp://host:port",
		"tcp://":             "no port; the form is tcp://host:port",
		"tcp:host:80":        "no // behind tcp:; the form is tcp://host:port",
		"tls://host":         "no port; the form is tls://host:port",
		"tls+tcp6://[::1]":   "no port; the form is tls+tcp6://host:port",
		"tls+udp://host:80":  "datagrams carry no TLS",
		"udp://::1:80":       "an IPv6 host without brackets; the form is udp://host:port",
		"tcp://[::1:80":      `"[::1:80" is not a host and a port; the form is tcp://host:port`,
		"unix://":            "no path; the form is unix:///path",
		"unix:/run/s":        "no // behind unix:; the form is unix:///path",
		"tls+unix:":          "no // behind tls+unix:; the form is tls+unix:///path",
		"fd://":              `"" is not the number of a descriptor; the form is fd://number`,
		"fd://-1":            `"-1" is not the number`,
		"tls+fd://three":     `"three" is not the number of a descriptor; the form is tls+fd://number`,
		"fd://2147483648":    `"2147483648" is not the number`,
		"systemd://web":      "a systemd name has neither / nor : in it; the form is systemd:name",
		"tls+systemd:web:so": "a systemd name has neither / nor : in it; the form is tls+systemd:name",
	} {
		if a, err := address.Parse(text); !errors.Is(err, uv.EINVAL) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
	}
}
