// Package docs compiles the Go code of the pages in docs/ and of the README files, so that it stays right.
package docs

import (
	"testing"

	"github.com/uvgo/uvgo/internal/looptest"
)

func TestMain(m *testing.M) { looptest.Main(m) }
