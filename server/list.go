package server

// A list is a list of connections, linked by their prev and next. It is a ring through head,
// which is no connection, so a connection leaves its list without knowing which one that is.
// Each open connection is in one list.
type list struct{ head Conn }

func (l *list) init() { l.head.prev, l.head.next = &l.head, &l.head }

// first returns the first connection, nil if there is none.
func (l *list) first() *Conn {
	if l.head.next == &l.head {
		return nil
	}
	return l.head.next
}

// move takes c out of the list that it is in, if any, and puts it at the end of this one.
func (l *list) move(c *Conn) {
	c.unlink()
	c.prev, c.next = l.head.prev, &l.head
	c.prev.next, c.next.prev = c, c
}

// unlink takes c out of the list that it is in, if any.
func (c *Conn) unlink() {
	if c.next != nil {
		c.prev.next, c.next.prev = c.next, c.prev
		c.prev, c.next = nil, nil
	}
}

// all appends the list's connections to to.
func (l *list) all(to []*Conn) []*Conn {
	for c := l.head.next; c != &l.head; c = c.next {
		to = append(to, c)
	}
	return to
}
