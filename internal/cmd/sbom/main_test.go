package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

const lock = "../../../third_party/libuv/libuv.lock"

// ofProgram is the part of a document of cyclonedx-gomod that matters here.
const ofProgram = `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"bom-ref":"main","name":"uvgo"}},
"components":[{"bom-ref":"sys","name":"golang.org/x/sys"}],
"dependencies":[{"ref":"main","dependsOn":["sys"]},{"ref":"sys"}],"compositions":[{"aggregate":"complete"}]}`

// TestLibuvIsAdded: the document keeps what it had, and has libuv with the lock's version
// and checksum, on which the program depends.
func TestLibuvIsAdded(t *testing.T) {
	text := string(uvtest.Must(os.ReadFile(lock)))
	version := regexp.MustCompile(`(?m)^version=(.*)$`).FindStringSubmatch(text)[1]
	sum := regexp.MustCompile(`(?m)^sha256=(.*)$`).FindStringSubmatch(text)[1]
	var out bytes.Buffer
	uvtest.Check(t, run(lock, strings.NewReader(ofProgram), &out))
	var bom struct {
		BomFormat  string
		Components []struct {
			Ref, Name, Version, Purl, CPE string
			Hashes                        []struct{ Alg, Content string }
		}
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
		Compositions []any
	}
	uvtest.Check(t, json.Unmarshal(out.Bytes(), &bom))
	if len(bom.Components) != 2 || bom.Components[0].Name != "golang.org/x/sys" || bom.BomFormat != "CycloneDX" || len(bom.Compositions) != 1 {
		t.Fatalf("%s", &out)
	}
	libuv := bom.Components[1]
	if libuv.Name != "libuv" || libuv.Version != version || libuv.Purl != "pkg:github/libuv/libuv@v"+version ||
		!strings.Contains(libuv.CPE, ":libuv:"+version+":") || len(libuv.Hashes) != 1 || libuv.Hashes[0].Content != sum {
		t.Errorf("libuv is %+v, want version %s and SHA-256 %s", libuv, version, sum)
	}
	depends := bom.Dependencies[0].DependsOn
	if len(bom.Dependencies) != 3 || len(depends) != 2 || depends[1] != libuv.Purl || bom.Dependencies[2].Ref != libuv.Purl {
		t.Errorf("dependencies %+v", bom.Dependencies)
	}
}

func TestBadInputIsRefused(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "no JSON",
		"[1]":                       "no JSON",
		"{}":                        "no CycloneDX document",
		`{"bomFormat":"CycloneDX"}`: "no CycloneDX document",
		`{"bomFormat":"SPDX","metadata":{"component":{"bom-ref":"main"}}}`:      "no CycloneDX document",
		`{"bomFormat":"CycloneDX","metadata":{"component":{"bom-ref":"main"}}}`: "depends on",
	} {
		if err := run(lock, strings.NewReader(in), new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
	var once, twice bytes.Buffer
	uvtest.Check(t, run(lock, strings.NewReader(ofProgram), &once))
	if err := run(lock, &once, &twice); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second time: %v", err)
	}
	bad := filepath.Join(t.TempDir(), "lock")
	uvtest.Check(t, os.WriteFile(bad, []byte("version=1.2.3\nsha256=abc\n"), 0o600))
	if err := run(bad, strings.NewReader(ofProgram), &once); err == nil || !strings.Contains(err.Error(), "no sha256") {
		t.Errorf("a lock without a checksum: %v", err)
	}
}
