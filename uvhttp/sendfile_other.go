//go:build !linux

package uvhttp

import (
	"errors"
	"os"
)

var errNoSendfile = errors.New("uvhttp: no sendfile on this system")

// sendfile sends nothing: the file is copied.
func sendfile(_ *os.File, _ file, _ int64) (n int64, more bool, err error) {
	return 0, false, errNoSendfile
}
