package scalar

import (
	"net/url"
	"strconv"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
)

func init() {
	register := func(name, doc string, overload function.Signature) {
		function.RegisterScalar(function.Scalar{Name: name, Category: "URL", Doc: doc, Overloads: []function.Signature{overload}})
	}
	part := func(name, doc string, f func(u *url.URL) (string, bool)) {
		register(name, doc, function.F1("STRING input", "STRING", func(s string) (string, error) {
			u, err := parseURL(s)
			if err != nil {
				return "", err
			}
			if v, ok := f(u); ok {
				return v, nil
			}
			return "", function.ErrNull
		}))
	}
	part("URL_EXTRACT_FRAGMENT", "Fragment of a URL, decoded; NULL when there is none.", func(u *url.URL) (string, bool) { return u.Fragment, u.Fragment != "" })
	part("URL_EXTRACT_HOST", "Host of a URL; NULL when there is none.", func(u *url.URL) (string, bool) { return u.Hostname(), u.Hostname() != "" })
	part("URL_EXTRACT_PATH", "Path of a URL, decoded.", func(u *url.URL) (string, bool) { return u.Path, u.Opaque == "" })
	part("URL_EXTRACT_PROTOCOL", "Protocol of a URL; NULL when there is none.", func(u *url.URL) (string, bool) { return u.Scheme, u.Scheme != "" })
	part("URL_EXTRACT_QUERY", "Query of a URL, decoded; NULL when there is none.", func(u *url.URL) (string, bool) {
		return decoded(u.RawQuery), u.RawQuery != "" || u.ForceQuery
	})
	register("URL_EXTRACT_PORT", "Port of a URL; NULL when there is none.", function.F1("STRING input", "INTEGER", func(s string) (int32, error) {
		u, err := parseURL(s)
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return 0, function.ErrNull
		}
		return int32(n), nil
	}))
	register("URL_EXTRACT_PARAMETER", "Value of a parameter of a URL's query, decoded; empty when it has none, NULL when it is not there.",
		function.F2("STRING input", "STRING toExtract", "STRING", func(s, name string) (string, error) {
			u, err := parseURL(s)
			if err != nil {
				return "", err
			}
			for _, p := range strings.Split(decoded(u.RawQuery), "&") { // an escaped & parts too, as in ksqlDB
				if k, v, _ := strings.Cut(p, "="); k == name && (u.RawQuery != "" || u.ForceQuery) {
					return v, nil
				}
			}
			return "", function.ErrNull
		}))
	register("URL_ENCODE_PARAM", "The text as it stands for itself in the query of a URL.", text1(func(s string) string {
		// Java leaves the asterisk and escapes the tilde where Go does the reverse.
		return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
	}))
	register("URL_DECODE_PARAM", "What URL_ENCODE_PARAM made the text from.", function.F1("STRING input", "STRING", func(s string) (string, error) {
		out, err := url.QueryUnescape(s)
		if err != nil {
			return "", sqlerr.New(sqlerr.InvalidText, "URL parameter has invalid escapes: %s", strings.Clone(s))
		}
		return out, nil
	}))
}

// parseURL reads a URL by RFC 2396: blanks, quotes and the like stand in it as escapes only.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.Clone(s))
	if err != nil || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return nil, sqlerr.New(sqlerr.InvalidText, "URL input has invalid syntax: %s", strings.Clone(s))
	}
	return u, nil
}

// decoded undoes percent escapes, where they are whole.
func decoded(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}
