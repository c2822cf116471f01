package executor

// Followers counts, for each task that push queries share, the queries.
func (e *Engine) Followers() []int {
	e.fans.mu.Lock()
	defer e.fans.mu.Unlock()
	var out []int
	for _, f := range e.fans.all {
		select {
		case <-f.opened:
			out = append(out, f.users)
		default:
		}
	}
	return out
}
