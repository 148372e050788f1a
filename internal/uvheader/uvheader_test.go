package uvheader

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/internal/uvtest"
)

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestFunctionsAreTheExportedOnes(t *testing.T) {
	const header = `
#ifndef UV_EXTERN
# define UV_EXTERN __attribute__((visibility("default")))
#endif /* UV_EXTERN */
/* UV_EXTERN int uv_commented(void); */
UV_EXTERN const char* uv_text(int n);
UV_EXTERN int uv_lines(uv_t* t,
                       void (*cb)(int),
                       int n);
UV_EXTERN uv_t* uv_star(void); // UV_EXTERN int uv_gone(void);
typedef void (*uv_cb)(void);
  UV_EXTERN void
uv_split (void);
int uv_internal(void);
UV_EXTERN int uv_text(void);
`
	want := []string{"uv_lines", "uv_split", "uv_star", "uv_text"}
	if diff := cmp.Diff(want, Functions(header)); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
}

// A header of which the parser misses some would make a gate that passes too
// easily: every UV_EXTERN that begins a line must have become a name.
func TestNoFunctionOfTheHeaderIsMissed(t *testing.T) {
	dir, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "uv.h"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "UV_EXTERN") {
			n++
		}
	}
	if got := len(Functions(string(text))); got != n || n < 300 {
		t.Errorf("%d functions from %d lines with UV_EXTERN", got, n)
	}
	if v, err := Version(dir); err != nil || !strings.HasPrefix(v, "1.") {
		t.Errorf("version %q, %v", v, err)
	}
}
