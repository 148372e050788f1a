package uvhttp

// A list is a ring of connections. Its own conn is no connection.
type list struct{ root conn }

func (l *list) init() { l.root.prev, l.root.next = &l.root, &l.root }

func (l *list) add(c *conn) {
	last := l.root.prev
	c.prev, c.next = last, &l.root
	last.next, l.root.prev = c, c
}

func (l *list) remove(c *conn) {
	if c.next != nil {
		c.prev.next, c.next.prev = c.next, c.prev
		c.prev, c.next = nil, nil
	}
}

// each calls fn, which may remove its argument, with each connection.
func (l *list) each(fn func(c *conn)) {
	for c := l.root.next; c != &l.root; {
		next := c.next
		fn(c)
		c = next
	}
}
