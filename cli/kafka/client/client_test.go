package client

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kfake"
	"software.sslmate.com/src/go-pkcs12"

	"tailrace/cli/command"
)

func TestParseProperties(t *testing.T) {
	got, err := ParseProperties("# comment\n! another\n\nkey=value\n spaced : two words \r\nlong=a,\\\n   b,\\\n c\nesc\\=aped\\ key = tab\\there\nuni=\\u00e9\nempty\nblank value\npath=C:\\\\tmp\n")
	want := Properties{"key": "value", "spaced": "two words ", "long": "a,b,c", "esc=aped key": "tab\there", "uni": "é", "empty": "", "blank": "value", "path": `C:\tmp`}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for text, want := range map[string]string{"a=1\nb=\\u12": "line 2: \\u takes four hexadecimal digits, not \"12\"", "\\uxxxx=1": "line 1:"} {
		if _, err := ParseProperties(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestJAASOptions(t *testing.T) {
	_, got, err := jaasOptions(`org.apache.kafka.common.security.plain.PlainLoginModule required username="al\"ice" password='s e' x=y;`)
	if diff := cmp.Diff(map[string]string{"username": `al"ice`, "password": "s e", "x": "y"}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, text := range []string{`M required username="alice`, `M required username`} {
		if _, _, err := jaasOptions(text); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

// connect runs the flags of a command line and asks a cluster for its brokers.
func connect(t *testing.T, args ...string) error {
	t.Helper()
	c := &cobra.Command{Use: "x"}
	f := Bind(c, command.Stdio{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Env: func(string) string { return "" }})
	if err := c.ParseFlags(append([]string{"--timeout", "5s"}, args...)); err != nil {
		t.Fatal(err)
	}
	return f.Run(func(ctx context.Context, conn *Conn, _ []string) error {
		_, err := conn.Admin.ListBrokers(ctx)
		return err
	})(c, nil)
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func sign(t *testing.T, name string, by *authority, ips ...net.IP) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: ips, IsCA: by == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	parent, signer := tmpl, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a authority) keyDER(t *testing.T) []byte {
	t.Helper()
	b, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTLS: stores of every kind, on both sides, and what fails.
func TestTLS(t *testing.T) {
	ca := sign(t, "ca", nil)
	server := sign(t, "server", &ca, net.IPv4(127, 0, 0, 1))
	elsewhere := sign(t, "elsewhere", &ca, net.IPv4(10, 0, 0, 1))
	own := sign(t, "client", &ca)
	other := sign(t, "other", nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	start := func(a authority) string {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
			Certificates: []tls.Certificate{{Certificate: [][]byte{a.cert.Raw}, PrivateKey: a.key}}}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c.ListenAddrs()[0]
	}
	addr, wrongName := start(server), start(elsewhere)
	dir := t.TempDir()
	write := func(name string, b []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: own.keyDER(t)})
	trustP12, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{ca.cert}, "secret")
	trust12 := write("trust.p12", trustP12, err)
	keyP12, err := pkcs12.Modern.Encode(own.key, own.cert, []*x509.Certificate{ca.cert}, "secret")
	key12 := write("key.p12", keyP12, err)
	jks := func(fill func(keystore.KeyStore) error) []byte {
		ks := keystore.New()
		if err := fill(ks); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := ks.Store(&b, []byte("secret")); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	trustJKS := write("trust.jks", jks(func(ks keystore.KeyStore) error {
		return ks.SetTrustedCertificateEntry("ca", keystore.TrustedCertificateEntry{Certificate: keystore.Certificate{Type: "X509", Content: ca.cert.Raw}})
	}), nil)
	keyJKS := write("key.jks", jks(func(ks keystore.KeyStore) error {
		return ks.SetPrivateKeyEntry("client", keystore.PrivateKeyEntry{PrivateKey: own.keyDER(t),
			CertificateChain: []keystore.Certificate{{Type: "X509", Content: own.cert.Raw}}}, []byte("secret"))
	}), nil)
	trustPEM, keyPairPEM := write("trust.pem", ca.pem(), nil), write("key.pem", append(keyPEM, own.pem()...), nil)
	otherPEM := write("other.pem", other.pem(), nil)
	encrypted := write("encrypted.pem", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), nil)

	tests := []struct {
		name, addr, properties, want string
	}{
		{"PEM files", addr, "ssl.truststore.location=" + trustPEM + "\nssl.keystore.location=" + keyPairPEM, ""},
		{"PKCS12", addr, "ssl.truststore.location=" + trust12 + "\nssl.truststore.password=secret\nssl.keystore.location=" + key12 + "\nssl.keystore.password=secret", ""},
		{"JKS", addr, "ssl.truststore.location=" + trustJKS + "\nssl.truststore.password=secret\nssl.keystore.location=" + keyJKS + "\nssl.keystore.password=secret", ""},
		{"another name", wrongName, "ssl.truststore.location=" + trustPEM + "\nssl.keystore.location=" + keyPairPEM, "is another's"},
		{"another name is let pass", wrongName, "ssl.endpoint.identification.algorithm=\nssl.truststore.location=" + trustPEM + "\nssl.keystore.location=" + keyPairPEM, ""},
		{"the chain is checked all the same", wrongName, "ssl.endpoint.identification.algorithm=\nssl.truststore.location=" + otherPEM + "\nssl.keystore.location=" + keyPairPEM, "is not to be trusted"},
		{"an unknown authority", addr, "ssl.truststore.location=" + otherPEM, "is not to be trusted"},
		{"TLS 1.2", addr, "ssl.enabled.protocols=TLSv1.2\nssl.truststore.location=" + trustPEM + "\nssl.keystore.location=" + keyPairPEM, ""},
		{"SSLv3", addr, "ssl.enabled.protocols=SSLv3", "TLSv1.2 and TLSv1.3 are supported"},
		{"no such store", addr, "ssl.truststore.location=nofile", "ssl.truststore.location: open nofile"},
		{"a wrong password", addr, "ssl.truststore.location=" + trust12 + "\nssl.truststore.password=x", "opens with ssl.truststore.password"},
		{"a wrong password of JKS", addr, "ssl.truststore.location=" + trustJKS + "\nssl.truststore.password=x", "does not open with its password"},
		{"an encrypted key", addr, "ssl.keystore.location=" + encrypted, "is encrypted"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			config := write("client.properties", []byte("security.protocol=SSL\n"+tc.properties+"\n"), nil)
			check(t, connect(t, "-b", tc.addr, "--command-config", config), tc.want)
		})
	}
	t.Run("plaintext to TLS", func(t *testing.T) {
		check(t, connect(t, "-b", addr), "Kafka port")
	})
}

func check(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = command.Message(err)
	}
	if want == "" && err != nil || !strings.Contains(got, want) || want != "" && err == nil {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSASL: logins that are right and wrong.
func TestSASL(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", "secret"),
		kfake.Superuser("SCRAM-SHA-256", "bob", "secret"), kfake.Superuser("SCRAM-SHA-512", "carol", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	addr := c.ListenAddrs()[0]
	login := func(mechanism, user, password string) error {
		return connect(t, "-b", addr, "--command-property", "security.protocol=SASL_PLAINTEXT", "--command-property", "sasl.mechanism="+mechanism,
			"--command-property", `sasl.jaas.config=org.apache.kafka.common.security.x.Module required username="`+user+`" password="`+password+`";`)
	}
	check(t, login("PLAIN", "alice", "secret"), "")
	check(t, login("SCRAM-SHA-256", "bob", "secret"), "")
	check(t, login("SCRAM-SHA-512", "carol", "secret"), "")
	check(t, login("PLAIN", "alice", "wrong"), "sasl.jaas.config")
	check(t, login("SCRAM-SHA-256", "bob", "wrong"), "sasl.jaas.config")
	check(t, login("PLAIN", "", "x"), "has no username")
	check(t, connect(t, "-b", addr), "wants TLS or a login")
}

// TestTokens: a token is asked for once, with the client's credentials.
func TestTokens(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		user, password, _ := r.BasicAuth()
		if user != "me" || password != "secret" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"token","expires_in":3600}`))
	}))
	defer server.Close()
	s := &tokenSource{endpoint: server.URL, client: "me", secret: "secret", scope: "kafka"}
	for range 3 {
		if a, err := s.auth(t.Context()); err != nil || a.Token != "token" {
			t.Fatalf("%v, %v", a, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	s = &tokenSource{endpoint: server.URL, client: "me", secret: "wrong"}
	_, err := s.auth(t.Context())
	check(t, err, "401")
}

func TestAddresses(t *testing.T) {
	for flag, want := range map[string]string{"a": "a:9092", "a:1,b": "a:1 b:9092", "[::1]": "[::1]:9092", "::1": "[::1]:9092", "[::1]:7": "[::1]:7", "a:x": "!", "http://a": "!", ",": "!", ":9": "!"} {
		f := &Flags{std: command.Stdio{Env: func(string) string { return "" }}, bootstrap: flag}
		got, err := f.addresses(Properties{})
		if err != nil {
			got = []string{"!"}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v (%v), want %s", flag, got, err, want)
		}
	}
	f := &Flags{std: command.Stdio{Env: func(string) string { return "env:1" }}}
	if got, _ := f.addresses(Properties{}); got[0] != "env:1" {
		t.Errorf("the environment: %v", got)
	}
	if got, _ := f.addresses(Properties{"bootstrap.servers": "file:1"}); got[0] != "file:1" {
		t.Errorf("the properties: %v", got)
	}
}

// TestOptions: every property that is known applies, and kgo takes it.
func TestOptions(t *testing.T) {
	values := map[string]string{"bootstrap.servers": "x", "acks": "1", "compression.type": "zstd", "isolation.level": "read_committed", "enable.idempotence": "false",
		"enable.metrics.push": "false", "client.id": "me", "client.rack": "r", "security.protocol": "PLAINTEXT", "max.request.size": "2000000"}
	f := &Flags{std: command.Stdio{Err: &bytes.Buffer{}, Env: func(string) string { return "" }}}
	for name, k := range keys {
		v := values[name]
		if v == "" {
			v = "1000"
		}
		for _, as := range []role{admin, producer, consumer} {
			if _, err := f.options(Properties{name: v}, as); err != nil {
				t.Errorf("%s=%s: %v", name, v, err)
			}
			if _, err := f.options(Properties{name: "\x00"}, as); err == nil && k.apply != nil && k.role&as != 0 && !strings.HasPrefix(name, "client.") {
				t.Errorf("%s takes anything", name)
			}
		}
	}
}

// FuzzParseProperties: any text is read or refused.
func FuzzParseProperties(f *testing.F) {
	for _, text := range []string{"a=b", "a\\=b : c\\\nd", "\\u00e9=x", "#c\n!d\n", "a\\", `sasl.jaas.config=M required username="a";`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := ParseProperties(text); err == nil {
			for _, v := range p {
				_, _, _ = jaasOptions(v)
			}
		}
	})
}
