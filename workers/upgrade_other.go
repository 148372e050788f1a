//go:build !linux

package workers

import "errors"

const canUpgrade = false

// become does not work on this system.
func (r *run) become(string) error { return errors.ErrUnsupported }
