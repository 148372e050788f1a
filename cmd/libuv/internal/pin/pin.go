package pin

import (
	"errors"
	"fmt"
	"strings"
)

// A Pin names a release of libuv.
type Pin struct {
	Version string // such as 1.50.0
	Suite   string // the suite of Debian that has it
	Package string // its source package there

	// Tarballs are the same release as several packers made it. The first is Debian's.
	Tarballs []Tarball
}

// A Tarball is a file that holds the release.
type Tarball struct {
	Name   string
	SHA256 string // in lower-case hexadecimal digits
	URL    string
}

// Parse reads the text of libuv.lock.
func Parse(text string) (Pin, error) {
	var p Pin
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || value == "" {
			return Pin{}, fmt.Errorf("libuv.lock: %q is not KEY=VALUE", line)
		}
		switch key {
		case "version":
			p.Version = value
		case "suite":
			p.Suite = value
		case "source":
			p.Package = value
		case "source_version": // for people
		case "tarball":
			p.Tarballs = append(p.Tarballs, Tarball{Name: value})
		case "sha256", "url":
			if len(p.Tarballs) == 0 {
				return Pin{}, fmt.Errorf("libuv.lock: %s before the first tarball", key)
			}
			t := &p.Tarballs[len(p.Tarballs)-1]
			if key == "url" {
				t.URL = value
			} else {
				t.SHA256 = value
			}
		default:
			return Pin{}, fmt.Errorf("libuv.lock: unknown key %q", key)
		}
	}
	return p, p.check()
}

func (p Pin) check() error {
	if p.Version == "" || p.Suite == "" || p.Package == "" || len(p.Tarballs) == 0 {
		return errors.New("libuv.lock: version, suite, source or tarball is missing")
	}
	for _, t := range p.Tarballs {
		if len(t.SHA256) != 64 || strings.Trim(t.SHA256, "0123456789abcdef") != "" {
			return fmt.Errorf("libuv.lock: the sha256 of %s is not 64 hexadecimal digits", t.Name)
		}
	}
	return nil
}

// Known returns the tarball that has a checksum.
func (p Pin) Known(sha256 string) (Tarball, bool) {
	for _, t := range p.Tarballs {
		if t.SHA256 == sha256 {
			return t, true
		}
	}
	return Tarball{}, false
}
