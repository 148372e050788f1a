package sock

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAPathThatIsTooLongIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 120))
	f, err := ListenPrivately(path)
	if f != nil || !errors.Is(err, syscall.ENAMETOOLONG) || !strings.Contains(err.Error(), "at most") {
		t.Errorf("%v", err)
	}
}
