package pin_test

import (
	"strings"
	"testing"

	"github.com/uvgo/uvgo/cmd/libuv/internal/pin"
	"github.com/uvgo/uvgo/third_party/libuv"
)

func TestLockIsComplete(t *testing.T) {
	p, err := pin.Parse(libuv.Lock)
	if err != nil {
		t.Fatal(err)
	}
	for _, tarball := range p.Tarballs {
		if !strings.HasPrefix(tarball.URL, "https://") || !strings.HasSuffix(tarball.URL, "/"+tarball.Name) || !strings.Contains(tarball.Name, p.Version) {
			t.Errorf("%s of %s is at %s", tarball.Name, p.Version, tarball.URL)
		}
		if got, ok := p.Known(tarball.SHA256); !ok || got != tarball {
			t.Errorf("Known(%s) = %v, %v", tarball.SHA256, got, ok)
		}
	}
	if _, ok := p.Known(strings.Repeat("0", 64)); ok {
		t.Error("any checksum is known")
	}
}

func TestParseRefusesBadLocks(t *testing.T) {
	const good = "version=1\nsuite=s\nsource=p\n"
	sum := strings.Repeat("a", 64)
	for _, tt := range []struct{ text, want string }{
		{good, "is missing"},
		{"suite=s\nsource=p\ntarball=t\nsha256=" + sum, "is missing"},
		{good + "tarball=t\n", "64 hexadecimal digits"},
		{good + "tarball=t\nsha256=" + strings.ToUpper(sum), "64 hexadecimal digits"},
		{good + "sha256=" + sum, "before the first tarball"},
		{good + "tarball", "not KEY=VALUE"},
		{good + "colour=red", "unknown key"},
	} {
		if _, err := pin.Parse(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q) = %v, want %q", tt.text, err, tt.want)
		}
	}
}
