package admin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"tailrace/server/admin"
)

// TestGuard: what a foreign web page makes a browser send is refused; tools, and pages of
// the port itself, are served.
func TestGuard(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	local := admin.Hosts{Loopback: true, Names: []string{"rail.example", " Other "}}
	open := admin.Hosts{}
	for _, tc := range []struct {
		name, host string
		hosts      admin.Hosts
		headers    map[string]string
		want       int
	}{
		{"by address", "127.0.0.1:8088", local, nil, 200},
		{"another loopback address", "127.8.8.8", local, nil, 200},
		{"IPv6", "[::1]:8088", local, nil, 200},
		{"localhost", "LocalHost:8088", local, nil, 200},
		{"a name of its own", "RAIL.example.:8088", local, nil, 200},
		{"another name of its own", "other", local, nil, 200},
		{"a rebound name", "evil.example:8088", local, nil, 421},
		{"a name that begins like one", "localhost.evil.example", local, nil, 421},
		{"a name that ends like one", "evil-localhost", local, nil, 421},
		{"a name that looks like an address", "127.0.0.1.evil.example", local, nil, 421},
		{"an address from elsewhere", "192.0.2.7:8088", local, nil, 421},
		{"no name", "", local, nil, 421},
		{"beyond loopback any address", "192.0.2.7:8088", open, nil, 200},
		{"but no rebound name", "evil.example", open, nil, 421},
		{"its own page", "localhost:8088", local, map[string]string{"Origin": "http://localhost:8088", "Sec-Fetch-Site": "same-origin"}, 200},
		{"typed by the user", "localhost:8088", local, map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"another origin", "localhost:8088", local, map[string]string{"Origin": "http://evil.example"}, 403},
		{"another port", "localhost:8088", local, map[string]string{"Origin": "http://localhost:3000"}, 403},
		{"an origin that hides", "localhost:8088", local, map[string]string{"Origin": "null"}, 403},
		{"an image on a foreign page", "localhost:8088", local, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "/health", nil)
		r.Host = tc.host
		for k, v := range tc.headers {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		admin.Guard(ok, tc.hosts).ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("%s: %q %v = %d, want %d", tc.name, tc.host, tc.headers, w.Code, tc.want)
		}
	}
}
