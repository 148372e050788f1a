//go:build race || invariants

package invariants

import "fmt"

// Enabled reports whether this build checks invariants. It is a constant, so the
// compiler removes code behind "if invariants.Enabled" from other builds.
const Enabled = true

// Check panics with the formatted message unless ok. A call whose arguments cost
// something to compute belongs inside an "if invariants.Enabled".
func Check(ok bool, format string, args ...any) {
	if !ok {
		panic("uvgo: invariant violated: " + fmt.Sprintf(format, args...))
	}
}
