package core

import "github.com/uvgo/uvgo/uv"

// A Link is what package uvgo's Loop embeds, under an unexported name. By its method this
// package finds the mechanism of a [uv.Loop]. Nobody outside of this module can call it.
type Link struct{ core *Core }

// NewLink makes the link of a loop to its mechanism.
func NewLink(c *Core) Link { return Link{c} }

func (k *Link) link() *Core { return k.core }

var _ uv.Loop = (*Core)(nil)

// link lets the mechanism stand for its loop.
func (c *Core) link() *Core { return c }

// Of returns the mechanism of a loop: nil for no loop, for one that no constructor made,
// and for a type that does not embed package uvgo's.
func Of(l uv.Loop) (c *Core) {
	k, ok := l.(interface{ link() *Core })
	if !ok {
		return nil
	}
	defer func() { // a nil pointer, in l itself or among what l embeds
		if recover() != nil {
			c = nil
		}
	}()
	return k.link()
}
