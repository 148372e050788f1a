//go:build race || invariants

package invariants

import "fmt"

// Enabled reports whether this build checks invariants. Being a constant, it
// removes the code that it guards.
const Enabled = true

// Check panics with the formatted message unless ok. Arguments that cost
// something to compute belong inside an "if invariants.Enabled".
func Check(ok bool, format string, args ...any) {
	if !ok {
		panic("uvgo: invariant violated: " + fmt.Sprintf(format, args...))
	}
}
