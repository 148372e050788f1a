package uvhttp

import (
	"net/http"
	"testing"
)

// FuzzDetect holds detect to net/http's answer.
func FuzzDetect(f *testing.F) {
	for _, s := range []string{
		"", "hello, world\n", "{\"a\":1}", " <html>", "<!DOCTYPE HTML>", "%PDF-1", "GIF89a", "BM1234", "RIFF1234WEBPVP", "\x00\x01\x00\x00",
		"abcdftypmp4_1234", "0000ftypmp42isom", "0123456789012345678901234567890123LP", "PK\x03\x04", "wOFF", "wOF2", "ttcf", "OTTO", "OggS\x00", "ID3",
		"MThd\x00\x00\x00\x06", "Rar!\x1a\x07", "text\x00", "text\x1b[0m", "\xef\xbb\xbfx", "\xfe\xff", "FORM1234AIFF", ".snd", "\x1f\x8b\x08", "\x1aE\xdf\xa3", "-----",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if got, want := detect(p), http.DetectContentType(p); got != want {
			t.Errorf("%q: %s, want %s", p, got, want)
		}
	})
}
