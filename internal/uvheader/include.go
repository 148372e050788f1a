package uvheader

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Find asks pkg-config for the directory of the uv.h with which cuv is compiled. If
// PKG_CONFIG_PATH names no libuv, Find uses the one that was built in this tree.
func Find() (string, error) {
	cmd := exec.Command("pkg-config", "--variable=includedir", "libuv-static")
	if root, err := moduleRoot(); err == nil {
		path := filepath.Join(root, "third_party", "libuv", "build")
		if set := os.Getenv("PKG_CONFIG_PATH"); set != "" {
			path = set + string(filepath.ListSeparator) + path
		}
		cmd.Env = append(os.Environ(), "PKG_CONFIG_PATH="+path)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		return "", fmt.Errorf("pkg-config finds no libuv-static (make libuv builds it): %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return dir, nil
}

// moduleRoot is the directory of go.mod above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
}

var versionLine = regexp.MustCompile(`#define UV_VERSION_(?:MAJOR|MINOR|PATCH)\s+(\d+)`)

// Version returns the version that the headers in dir state, such as "1.50.0".
func Version(dir string) (string, error) {
	src, err := os.ReadFile(filepath.Join(dir, "uv", "version.h"))
	if err != nil {
		return "", err
	}
	var parts []string
	for _, m := range versionLine.FindAllSubmatch(src, -1) {
		parts = append(parts, string(m[1]))
	}
	if len(parts) != 3 {
		return "", errors.New("uv/version.h gives no major.minor.patch")
	}
	return strings.Join(parts, "."), nil
}
