package node

import "testing"

// Whatever the limit, the shares leave some over, every port gets connections, and files are
// kept open.
func TestShareOut(t *testing.T) {
	cfg := testConfig(t)
	for _, limit := range []int{128, 256, 1024, 4096, 10240, 1 << 20} {
		r, wanted, err := shareOut(limit, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if sum := r.kafka + r.pg + r.http + r.files; min(r.kafka, r.pg, r.http, r.files) < 8 || sum+spareDescriptors > limit {
			t.Errorf("of %d: %+v", limit, r)
		}
		if full := r == (room{cfg.MaxConnections, cfg.PGMaxConnections, httpConns, cachedFiles}); full != (limit >= wanted) {
			t.Errorf("of %d, %d wanted: %+v", limit, wanted, r)
		}
	}
	if _, _, err := shareOut(100, cfg); err == nil {
		t.Error("a server takes 100 descriptors")
	}
}
