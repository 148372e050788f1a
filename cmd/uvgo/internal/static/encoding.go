package static

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
)

var varyEncoding = []string{"Accept-Encoding"}

// codings are the content codings of files beside the original, the smallest first.
var codings = []struct{ name, suffix string }{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}

// precompressed opens the best file beside the named one that is the same, compressed as the client accepts it. One
// that is older than the original is of another version of it. The file is nil if there is none, and the info then
// stays the original's.
func precompressed(root *os.Root, name string, original fs.FileInfo, accept []string) (*os.File, fs.FileInfo, string) {
	if len(accept) == 0 {
		return nil, original, ""
	}
	var tried [3]bool
	for {
		best, q := -1, quality(accept, "identity")
		for i, c := range codings {
			if tried[i] {
				continue
			}
			if its := quality(accept, c.name); its > 0 && (its > q || its == q && best < 0) {
				best, q = i, its
			}
		}
		if best < 0 {
			return nil, original, ""
		}
		tried[best] = true
		file, info, err := open(root, name+codings[best].suffix)
		if err != nil {
			continue
		}
		if !info.ModTime().Before(original.ModTime()) {
			return file, info, codings[best].name
		}
		_ = file.Close()
	}
}

// quality returns the weight, in thousandths, that Accept-Encoding gives to a coding. Without a weight it is 1,000, or
// 0 for one that is not listed.
func quality(accept []string, coding string) int {
	other := 0
	for _, line := range accept {
		for item := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(item, ";")
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, coding), coding == "gzip" && strings.EqualFold(name, "x-gzip"):
				return weight(params)
			case name == "*" && coding != "identity":
				other = weight(params)
			}
		}
	}
	return other
}

// weight returns the q of an item's parameters, in thousandths. What cannot be read counts as 0.
func weight(params string) int {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return int(q * 1000)
	}
	return 1000
}
