//go:build !linux

package workers

// A notifier is nil: this system does not say who has sent a datagram, so workers are ready by ReadyAfter.
type notifier struct{}

func (r *run) newNotifier(*legacy) (*notifier, error) { return nil, nil }

func (n *notifier) name() string { return "" }
func (n *notifier) close()       {}
