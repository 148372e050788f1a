package top

import (
	"math"
	"testing"
	"time"
)

func TestNumbersAreShort(t *testing.T) {
	for want, got := range map[string]string{
		"0": number(0), "7": number(7), "0.25": number(0.25), "999": number(999), "1.00k": number(1000), "12.3k": number(12345), "999k": number(999_400),
		"1.00M": number(999_900), "-": number(math.NaN()), "0 B": bytes(0), "1.50 kB": bytes(1500), "100 ns": duration(1e-7), "2.50 ms": duration(0.0025),
		"0 ns": duration(0), "12 s": duration(12), "90.5 %": percent(0.905), "59s": age(59 * time.Second), "1m 1s": age(61 * time.Second),
		"1h 1m": age(3661 * time.Second), "2d 1h": age(49 * time.Hour), "1d 0h": age(24 * time.Hour),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
