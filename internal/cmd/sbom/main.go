// Sbom completes the list of what a program is made of: a CycloneDX document that
// cyclonedx-gomod has made of a Go program knows the modules, and not libuv, which is
// linked into it. It reads the document from its input, and writes it with libuv.
//
//	sbom -lock third_party/libuv/libuv.lock <in.json >out.json
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	lock := flag.String("lock", "third_party/libuv/libuv.lock", "`file` that pins libuv")
	flag.Parse()
	if err := run(*lock, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(lock string, in io.Reader, out io.Writer) error {
	text, err := os.ReadFile(lock)
	if err != nil {
		return err
	}
	pin, err := parseLock(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", lock, err)
	}
	doc, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	doc, err = withLibuv(doc, pin)
	if err != nil {
		return err
	}
	_, err = out.Write(doc)
	return err
}

// A pin is what the lock says of libuv: its version, and the first of its tarballs, which is the one that was checked.
type pin struct{ version, sha256, url string }

func parseLock(text string) (p pin, err error) {
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		switch key, value, _ := strings.Cut(lines.Text(), "="); key {
		case "version":
			p.version = value
		case "sha256":
			p.sha256 = cmp.Or(p.sha256, value)
		case "url":
			p.url = cmp.Or(p.url, value)
		}
	}
	if p.version == "" || len(p.sha256) != 64 {
		return p, errors.New("no version or no sha256")
	}
	return p, nil
}

// withLibuv adds libuv to a document: as a component, and as what the program depends on.
func withLibuv(doc []byte, p pin) ([]byte, error) {
	var bom map[string]any
	if err := json.Unmarshal(doc, &bom); err != nil {
		return nil, fmt.Errorf("the input is no JSON: %w", err)
	}
	metadata, _ := bom["metadata"].(map[string]any)
	program, _ := metadata["component"].(map[string]any)
	ref, _ := program["bom-ref"].(string)
	if bom["bomFormat"] != "CycloneDX" || ref == "" {
		return nil, errors.New("the input is no CycloneDX document of a program")
	}
	libuv := component(p)
	components, _ := bom["components"].([]any)
	for _, c := range components {
		if c, ok := c.(map[string]any); ok && c["bom-ref"] == libuv["bom-ref"] {
			return nil, errors.New("the input names libuv already")
		}
	}
	bom["components"] = append(components, libuv)
	program["licenses"] = license("MIT")
	if err := depend(bom, ref, libuv["bom-ref"]); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(bom); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// component describes libuv. Scanners find its CVEs by the cpe, and its source by the purl.
func component(p pin) map[string]any {
	purl := "pkg:github/libuv/libuv@v" + p.version
	return map[string]any{
		"bom-ref":     purl,
		"type":        "library",
		"name":        "libuv",
		"version":     p.version,
		"description": "linked statically",
		"scope":       "required",
		"purl":        purl,
		"cpe":         "cpe:2.3:a:libuv:libuv:" + p.version + ":*:*:*:*:*:*:*",
		"licenses":    license("MIT AND BSD-2-Clause AND ISC"), // see NOTICE
		"externalReferences": []any{map[string]any{
			"type":   "source-distribution",
			"url":    cmp.Or(p.url, "https://github.com/libuv/libuv"),
			"hashes": []any{map[string]any{"alg": "SHA-256", "content": p.sha256}},
		}},
		"hashes": []any{map[string]any{"alg": "SHA-256", "content": p.sha256}},
	}
}

func license(expression string) []any { return []any{map[string]any{"expression": expression}} }

// depend says in a document that a component depends on another, which depends on nothing.
func depend(bom map[string]any, on string, ref any) error {
	dependencies, _ := bom["dependencies"].([]any)
	for _, d := range dependencies {
		if d, ok := d.(map[string]any); ok && d["ref"] == on {
			list, _ := d["dependsOn"].([]any)
			d["dependsOn"] = append(list, ref)
			bom["dependencies"] = append(dependencies, map[string]any{"ref": ref})
			return nil
		}
	}
	return fmt.Errorf("the input does not say what %s depends on", on)
}
