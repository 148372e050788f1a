package goenv_test

import (
	"slices"
	"testing"

	"github.com/uvgo/uvgo/cmd/libuv/internal/goenv"
	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestStampComesAndGoes(t *testing.T) {
	for _, flags := range []string{"", "-O2 -g", "-O2 '-DX=a  b'", "-I/a -I/b"} {
		once := goenv.WithStamp(flags, "0x1")
		twice := goenv.WithStamp(once, "0x2")
		if got := goenv.WithoutStamp(twice); got != flags || twice == once || goenv.WithStamp(twice, "0x1") != once {
			t.Errorf("%q with a stamp is %q, then %q, and without it %q", flags, once, twice, got)
		}
	}
}

func TestFieldsAreGos(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"  gcc\t-m64 ", []string{"gcc", "-m64"}},
		{`'/opt/my cc/gcc' "-DX=it's"`, []string{"/opt/my cc/gcc", "-DX=it's"}},
		{`-DX="1`, []string{`-DX="1`}}, // quotes count at a field's beginning only
	} {
		if got, err := goenv.Fields(tt.text); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("Fields(%q) = %q, %v", tt.text, got, err)
		}
	}
	if _, err := goenv.Fields("'gcc"); err == nil {
		t.Error("a quote that does not end is no error")
	}
	for _, field := range []string{"gcc", "/a b/gcc", "/it's/gcc", `/"x"/gcc`} {
		if got, err := goenv.Fields(goenv.Quote(field)); err != nil || !slices.Equal(got, []string{field}) {
			t.Errorf("Quote(%q) = %q is %q, %v", field, goenv.Quote(field), got, err)
		}
	}
}
