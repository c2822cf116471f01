package pgwire

import "testing"

// SurvivePanics makes panics what they are in production.
func SurvivePanics(t *testing.T) {
	was := panicsAreFatal
	panicsAreFatal = false
	t.Cleanup(func() { panicsAreFatal = was })
}
