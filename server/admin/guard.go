package admin

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Hosts are the names under which an HTTP port may be asked for.
type Hosts struct {
	// Loopback: the listener is reached from this machine alone, and so is only asked for
	// by loopback addresses; otherwise by any address.
	Loopback bool
	// Names are further names, in any case of letters. localhost is always one.
	Names []string
}

// Guard refuses requests that a web page of somebody else's makes a browser send: under a
// name that is made to point here (DNS rebinding), or from another origin. An address in
// place of a name cannot be made to point elsewhere.
func Guard(next http.Handler, hosts Hosts) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !hosts.allow(r.Host):
			writeJSON(w, http.StatusMisdirectedRequest, map[string]any{"error_code": 42100,
				"message": "this server is not known as " + hostOf(r.Host) + ": http-allowed-hosts lists its names"})
		case !sameOrigin(r):
			writeJSON(w, http.StatusForbidden, map[string]any{"error_code": 40300, "message": "requests from other origins are refused"})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = host
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(hostport, "[]"), "."))
}

func (h Hosts) allow(hostport string) bool {
	host := hostOf(hostport)
	if ip := net.ParseIP(strings.SplitN(host, "%", 2)[0]); ip != nil {
		return !h.Loopback || ip.IsLoopback()
	}
	for _, name := range h.Names {
		if strings.EqualFold(host, strings.TrimSpace(name)) {
			return true
		}
	}
	return host == "localhost"
}

// sameOrigin says that a browser sends the request for a page of this very port, or that
// no page is behind it.
func sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return false
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
