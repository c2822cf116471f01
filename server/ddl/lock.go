package ddl

import (
	"context"
	"sync"
)

// tableLocks let one statement at a time read rows of a table and write what becomes of them.
type tableLocks struct {
	mu     sync.Mutex
	tables map[string]*tableLock
}

type tableLock struct {
	held  chan struct{} // has room for the one who holds it
	users int           // who hold it or wait
}

// LockTable waits until no other statement changes rows of the table whose topic this is, by
// what is in them, and returns what ends the lock. INSERT takes none: it looks at no rows.
func (c *Catalog) LockTable(ctx context.Context, topic string) (unlock func(), err error) {
	l := &c.tables
	l.mu.Lock()
	t := l.tables[topic]
	if t == nil {
		if l.tables == nil {
			l.tables = map[string]*tableLock{}
		}
		t = &tableLock{held: make(chan struct{}, 1)}
		l.tables[topic] = t
	}
	t.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(l.tables, topic)
		}
	}
	select {
	case t.held <- struct{}{}:
		return func() { <-t.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
