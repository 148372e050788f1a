package server

// A list is a list of connections, linked by their prev and next; each is in one list at most.
type list struct{ first, last *Conn }

// add puts c at the end.
func (l *list) add(c *Conn) {
	c.prev, c.next = l.last, nil
	if l.last != nil {
		l.last.next = c
	} else {
		l.first = c
	}
	l.last = c
}

// remove takes c out.
func (l *list) remove(c *Conn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
}
