package lint

import (
	"errors"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// apiPackages are the packages whose exported names are in api/, by the names of the
// packages. cuv is not among them, because it makes no promise of compatibility.
var apiPackages = map[string]string{
	"uvgo": module, "uv": module + "/uv", "handles": module + "/handles", "requests": module + "/requests",
	"server": module + "/server", "uvnet": module + "/uvnet", "uvfs": module + "/uvfs", "uvhttp": module + "/uvhttp", "sysinfo": module + "/sysinfo", "metrics": module + "/metrics",
	"workers": module + "/workers", "reload": module + "/reload",
}

//go:generate go test -count=1 -run ^TestExportedNamesAreWrittenDown$ . -update

// TestExportedNamesAreWrittenDown compares what packages export with api/*.txt, so that
// no name comes, goes or changes unnoticed. -update writes the files.
func TestExportedNamesAreWrittenDown(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("api/ lists what the packages export on Linux")
	}
	load := exportData(t)
	for name, path := range apiPackages {
		pkg, err := load.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(apiOf(pkg, name), "\n") + "\n"
		file := filepath.Join("../../api", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("package %s does not export what api/%s.txt lists (-listed +exported). If that is meant: make generate\n%s", name, name, diff)
		}
	}
	listed, err := filepath.Glob("../../api/*.txt")
	if err != nil || len(listed) != len(apiPackages) {
		t.Errorf("api/ lists %d packages, want %d (%v)", len(listed), len(apiPackages), err)
	}
}

// exportData imports packages as go build has compiled them.
func exportData(t *testing.T) types.Importer {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}
	for _, path := range apiPackages {
		args = append(args, path)
	}
	cmd := exec.Command("go", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
}
