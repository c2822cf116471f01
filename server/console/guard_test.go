package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tailrace/server/config"
	"tailrace/server/console"
)

// place fills the names of a path in with what does, or does not, exist.
func place(path, topic, group, query string) string {
	return strings.NewReplacer("{topic}", url.PathEscape(topic), "{group}", url.PathEscape(group), "{query}", url.PathEscape(query),
		"{partition}", "0", "{offset}", "0", "{action}", "pause").Replace(path)
}

// bodies are one that does for each endpoint with a body.
var bodies = map[string]string{
	"/api/topics":                  `{"name":"another","validate_only":true}`,
	"/api/topics/{topic}/configs":  `{"set":{"retention.ms":"1000000"},"validate_only":true}`,
	"/api/topics/{topic}/messages": `{"messages":[{"key":"k","value":"{}"}]}`,
	"/api/groups/{group}/reset":    `{"topic":"flights","to":"earliest","dry_run":true}`,
	"/api/sql":                     `{"sql":"SELECT 1;"}`,
	"/api/sql/check":               `{"sql":"SELECT 1;"}`,
}

// TestForeignPages: no endpoint, and no file, answers what a page of somebody else's makes a browser
// send, nor a change without the token.
func TestForeignPages(t *testing.T) {
	s := newSystem(t)
	s.flights(1)
	type ask struct{ method, path, body string }
	asks := []ask{{"GET", "/", ""}, {"GET", "/console/x/app.js", ""}, {"GET", "/api/openapi.json", ""}}
	for _, e := range console.Endpoints() {
		a := ask{e.Method, place(e.Path, "flights", "g", "CTAS_BY_ORIGIN_1"), ""}
		if e.Body != nil {
			a.body = bodies[e.Path]
		}
		asks = append(asks, a)
	}
	for _, a := range asks {
		var body any
		if a.body != "" {
			body = a.body
		}
		s.refused(a.method, a.path, body, http.StatusMisdirectedRequest, "not known as", "Host", "evil.example")
		s.refused(a.method, a.path, body, http.StatusForbidden, "other origins", "Origin", "http://evil.example")
		s.refused(a.method, a.path, body, http.StatusForbidden, "other origins", "Sec-Fetch-Site", "cross-site")
		if a.method != "GET" {
			s.refused(a.method, a.path, body, http.StatusForbidden, `"reason":"token"`, console.TokenHeader, "")
			s.refused(a.method, a.path, body, http.StatusForbidden, `"reason":"token"`, console.TokenHeader, "00000000000000000000000000000000")
		}
	}
}

// TestBadInput: what an endpoint does not declare, or declares otherwise, is refused with its name.
func TestBadInput(t *testing.T) {
	s := newSystem(t)
	s.flights(1)
	for _, e := range console.Endpoints() {
		path := place(e.Path, "flights", "g", "CTAS_BY_ORIGIN_1")
		var body any
		if e.Body != nil {
			body = bodies[e.Path]
		}
		s.refused(e.Method, path+"?nonsense=1", body, 400, `there is no parameter \"nonsense\"`)
		s.refused(e.Method, path+"?%zz", body, 400, "cannot be read")
		for _, p := range e.Params {
			inPath := strings.Contains(e.Path, "{"+p.Name+"}")
			with := func(v string) string {
				if inPath {
					return placed(e.Path, path, p.Name, url.PathEscape(v))
				}
				return path + "?" + p.Name + "=" + url.QueryEscape(v)
			}
			switch {
			case p.Kind == "integer":
				s.refused(e.Method, with("x"), body, 400, p.Name+" must be a whole number")
				s.refused(e.Method, with("99999999999999999999"), body, 400, p.Name+" must be a whole number")
				s.refused(e.Method, with(fmt.Sprint(p.Max+1)), body, 400, p.Name+" must be between")
				s.refused(e.Method, with("-2"), body, 400, p.Name+" must be between")
			case p.Kind == "boolean":
				s.refused(e.Method, with("perhaps"), body, 400, p.Name+" must be true or false")
			case p.Values != nil:
				s.refused(e.Method, with("sideways"), body, 400, p.Name+" must be one of")
			case !inPath:
				s.refused(e.Method, with(strings.Repeat("x", 16<<10+1)), body, 400, p.Name+" is longer")
			}
			if !inPath {
				s.refused(e.Method, path+"?"+p.Name+"=1&"+p.Name+"=2", body, 400, "is given 2 times")
			}
		}
		if e.Body == nil {
			continue
		}
		s.refused(e.Method, path, `{`, 400, "not what is asked for")
		s.refused(e.Method, path, `[]`, 400, "not what is asked for")
		s.refused(e.Method, path, `{"nonsense":1}`, 400, `unknown field \"nonsense\"`)
		s.refused(e.Method, path, bodies[e.Path]+"{}", 400, "more than one")
		s.refused(e.Method, path, bodies[e.Path], 415, "application/json", "Content-Type", "text/plain")
		s.refused(e.Method, path, `{"sql":"`+strings.Repeat("x", 4<<20)+`"}`, 413, "4 MiB")
	}
	s.refused("GET", "/api/nothing", nil, 404, "/api/openapi.json")
	s.refused("PUT", "/api/topics", nil, 405, "GET, POST")
	s.refused("GET", "/api/sql", nil, 405, "POST")
	s.refused("GET", "/console/x/nothing.js", nil, 404, "nothing at")
	s.refused("GET", "/console/x/../../console.go", nil, 404, "nothing at")
	s.refused("GET", "/nothing", nil, 404, "nothing at")
}

// placed is path with v for a name of its pattern.
func placed(pattern, path, name, v string) string {
	from, to := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i := range from {
		if from[i] == "{"+name+"}" {
			to[i] = v
		}
	}
	return strings.Join(to, "/")
}

// TestUnknown: what is not there is 404, by its name.
func TestUnknown(t *testing.T) {
	s := newSystem(t)
	for _, e := range console.Endpoints() {
		if !strings.ContainsAny(e.Path, "{") {
			continue
		}
		var body any
		if e.Body != nil {
			body = bodies[e.Path]
		}
		s.refused(e.Method, place(e.Path, "no-such", "no-such", "NO_SUCH"), body, 404, "")
	}
}

// TestReadOnly: a console that is read only shows, and refuses every change, SQL included.
func TestReadOnly(t *testing.T) {
	s := newSystem(t, func(c *config.Config) { c.ConsoleReadOnly = true })
	for _, e := range console.Endpoints() {
		var body any
		if e.Body != nil {
			body = bodies[e.Path]
		}
		if e.Changes {
			s.refused(e.Method, place(e.Path, "t", "g", "Q"), body, 403, `"reason":"read_only"`)
		}
	}
	for _, sql := range []string{`CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);`, `DROP STREAM s;`,
		`BACKUP TO '/tmp/nowhere';`, `TERMINATE ALL;`} {
		if got := s.sql(sql); !strings.Contains(got, "read only") {
			t.Errorf("%s = %s, want that the console is read only", sql, got)
		}
	}
	if got := s.sql(`SELECT 1 + 1 AS two;`); got != "2" {
		t.Errorf("SELECT 1 + 1 = %s", got)
	}
	var info struct {
		ReadOnly bool `json:"read_only"`
	}
	if s.get("/api/session", &info); !info.ReadOnly {
		t.Error("the session does not tell that it is read only")
	}
}

// TestDisabled: a console that is off is not there, and the rest of the port is.
func TestDisabled(t *testing.T) {
	s := newSystem(t, func(c *config.Config) { c.Console = false })
	s.refused("GET", "/", nil, 404, "nothing at")
	s.refused("GET", "/api/session", nil, 404, "nothing at")
	if status, _ := s.send("GET", "/health", nil); status != 200 {
		t.Errorf("/health = %d", status)
	}
}

// TestPageIsStrict: the page may load nothing from elsewhere, and nothing may frame it.
func TestPageIsStrict(t *testing.T) {
	s := newSystem(t)
	resp, err := http.Get(s.url("/"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	csp := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("Content-Security-Policy %q lacks %s", csp, want)
		}
	}
	for _, never := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} {
		if strings.Contains(csp, never) {
			t.Errorf("Content-Security-Policy %q allows %s", csp, never)
		}
	}
	for h, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := resp.Header.Get(h); got != want {
			t.Errorf("%s = %q, want %q", h, got, want)
		}
	}
}
