package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// mechanism is the login of sasl.mechanism and sasl.jaas.config.
func mechanism(p Properties) (sasl.Mechanism, error) {
	_, options, err := jaasOptions(p["sasl.jaas.config"])
	if err != nil {
		return nil, err
	}
	name := strings.ToUpper(strings.TrimSpace(p["sasl.mechanism"]))
	if name == "OAUTHBEARER" {
		return bearer(p, options)
	}
	user, password := options["username"], options["password"]
	switch name {
	case "":
		return nil, fmt.Errorf("sasl.mechanism is missing, which security.protocol=%s needs: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER", p["security.protocol"])
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
		if user == "" {
			return nil, errors.New(`sasl.jaas.config has no username: it should end like ... required username="alice" password="secret";`)
		}
	}
	switch name {
	case "PLAIN":
		return plain.Auth{User: user, Pass: password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: user, Pass: password, IsToken: options["tokenauth"] == "true"}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: user, Pass: password, IsToken: options["tokenauth"] == "true"}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("sasl.mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are supported, not %q", p["sasl.mechanism"])
}

// bearer gets tokens from sasl.oauthbearer.token.endpoint.url: a file, or an endpoint
// that gives them for client credentials (RFC 6749, 4.4).
func bearer(p Properties, options map[string]string) (sasl.Mechanism, error) {
	either := func(key, option string) string {
		if p[key] != "" {
			return p[key]
		}
		return options[option]
	}
	endpoint := p["sasl.oauthbearer.token.endpoint.url"]
	at, err := url.Parse(endpoint)
	if err != nil || endpoint == "" {
		return nil, fmt.Errorf("sasl.oauthbearer.token.endpoint.url must be the address of an endpoint or a file:// that has a token, not %q", endpoint)
	}
	if at.Scheme == "file" {
		return oauth.Oauth(func(context.Context) (oauth.Auth, error) {
			b, err := os.ReadFile(at.Path)
			return oauth.Auth{Token: strings.TrimSpace(string(b))}, err
		}), nil
	}
	source := &tokenSource{
		endpoint: endpoint,
		client:   either("sasl.oauthbearer.client.credentials.client.id", "clientId"),
		secret:   either("sasl.oauthbearer.client.credentials.client.secret", "clientSecret"),
		scope:    either("sasl.oauthbearer.scope", "scope"),
	}
	return oauth.Oauth(source.auth), nil
}

// tokenSource gets a token once, and again when it is about to expire.
type tokenSource struct {
	endpoint, client, secret, scope string

	mu struct {
		sync.Mutex
		token   string
		expires time.Time
	}
}

// tokenMargin is how long before its end a token is no longer used.
const tokenMargin = 30 * time.Second

func (s *tokenSource) auth(ctx context.Context) (oauth.Auth, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.token != "" && time.Until(s.mu.expires) > tokenMargin {
		return oauth.Auth{Token: s.mu.token}, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if s.scope != "" {
		form.Set("scope", s.scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return oauth.Auth{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(s.client), url.QueryEscape(s.secret))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return oauth.Auth{}, fmt.Errorf("get a token: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return oauth.Auth{}, fmt.Errorf("get a token: %w", err)
	}
	var answer struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"` // seconds
	}
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK || answer.Token == "" {
		return oauth.Auth{}, fmt.Errorf("get a token: %s answers %s without one", s.endpoint, resp.Status)
	}
	s.mu.token, s.mu.expires = answer.Token, time.Now().Add(time.Duration(answer.Expires)*time.Second)
	return oauth.Auth{Token: answer.Token}, nil
}
