package client

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"

	"tailrace/cli/command"
)

// tlsConfig is that of the ssl.* properties. Stores are PEM, PKCS12 or JKS files; which is
// seen from their first bytes, as Java does.
func tlsConfig(p Properties) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if err := protocols(cfg, p["ssl.enabled.protocols"]); err != nil {
		return nil, err
	}
	roots, err := trusted(p)
	if err != nil {
		return nil, err
	}
	cfg.RootCAs = roots
	own, err := ownCertificate(p)
	if err != nil {
		return nil, err
	}
	if own != nil {
		cfg.Certificates = []tls.Certificate{*own}
	}
	if name, given := p["ssl.endpoint.identification.algorithm"]; given && strings.TrimSpace(name) == "" {
		withoutHostname(cfg)
	}
	return cfg, nil
}

// protocols applies ssl.enabled.protocols.
func protocols(cfg *tls.Config, text string) error {
	if text == "" {
		return nil
	}
	versions := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	var given []uint16
	for _, name := range strings.Split(text, ",") {
		v, ok := versions[strings.TrimSpace(name)]
		if !ok {
			return fmt.Errorf("ssl.enabled.protocols: TLSv1.2 and TLSv1.3 are supported, not %q", strings.TrimSpace(name))
		}
		given = append(given, v)
	}
	cfg.MinVersion, cfg.MaxVersion = slices.Min(given), slices.Max(given)
	return nil
}

// withoutHostname checks the chain of the server's certificate and not whose name it has.
func withoutHostname(cfg *tls.Config) {
	cfg.InsecureSkipVerify = true // VerifyConnection takes its place
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		opts := x509.VerifyOptions{Roots: cfg.RootCAs, Intermediates: x509.NewCertPool()}
		for _, c := range state.PeerCertificates[1:] {
			opts.Intermediates.AddCert(c)
		}
		_, err := state.PeerCertificates[0].Verify(opts)
		return err
	}
}

// trusted are the authorities to believe; nil for those of the system.
func trusted(p Properties) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if text := p["ssl.truststore.certificates"]; text != "" {
		if !pool.AppendCertsFromPEM([]byte(text)) {
			return nil, errors.New("ssl.truststore.certificates has no certificate in PEM form")
		}
		return pool, nil
	}
	const name = "ssl.truststore.location"
	file := p[name]
	if file == "" {
		return nil, nil
	}
	b, err := readStore(name, file)
	if err != nil {
		return nil, err
	}
	password := p["ssl.truststore.password"]
	switch {
	case isPEM(b):
		if !pool.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("%s: %s has no certificate", name, file)
		}
	case isJKS(b):
		ks, err := openJKS(b, password)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, file, err)
		}
		for _, alias := range ks.Aliases() {
			if entry, err := ks.GetTrustedCertificateEntry(alias); err == nil {
				if c, err := x509.ParseCertificate(entry.Certificate.Content); err == nil {
					pool.AddCert(c)
				}
			}
		}
	default:
		certs, err := pkcs12.DecodeTrustStore(b, password)
		if err != nil {
			return nil, fmt.Errorf("%s: %s is no PEM, JKS or PKCS12 store that opens with ssl.truststore.password: %w", name, file, err)
		}
		for _, c := range certs {
			pool.AddCert(c)
		}
	}
	return pool, nil
}

// ownCertificate is what this client shows to a server that asks; nil without one.
func ownCertificate(p Properties) (*tls.Certificate, error) {
	if chain := p["ssl.keystore.certificate.chain"]; chain != "" {
		return pemPair("ssl.keystore.key", []byte(chain), []byte(p["ssl.keystore.key"]))
	}
	const name = "ssl.keystore.location"
	file := p[name]
	if file == "" {
		return nil, nil
	}
	b, err := readStore(name, file)
	if err != nil {
		return nil, err
	}
	password := p["ssl.keystore.password"]
	switch {
	case isPEM(b):
		return pemPair(name, b, b)
	case isJKS(b):
		c, err := jksPair(b, password, p["ssl.key.password"])
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, file, err)
		}
		return c, nil
	}
	key, leaf, chain, err := pkcs12.DecodeChain(b, password)
	if err != nil {
		return nil, fmt.Errorf("%s: %s is no PEM, JKS or PKCS12 store that opens with ssl.keystore.password: %w", name, file, err)
	}
	c := &tls.Certificate{PrivateKey: key.(crypto.PrivateKey), Certificate: [][]byte{leaf.Raw}, Leaf: leaf}
	for _, more := range chain {
		c.Certificate = append(c.Certificate, more.Raw)
	}
	return c, nil
}

func pemPair(name string, chain, key []byte) (*tls.Certificate, error) {
	for rest := key; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" {
			return nil, command.WithHint(fmt.Errorf("%s: the private key is encrypted, which is not supported in PEM form", name),
				`"openssl pkcs8 -in key.pem -out plain.pem" decrypts it; a PKCS12 file may be encrypted.`)
		}
	}
	c, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &c, nil
}

func jksPair(b []byte, password, keyPassword string) (*tls.Certificate, error) {
	ks, err := openJKS(b, password)
	if err != nil {
		return nil, err
	}
	if keyPassword == "" {
		keyPassword = password
	}
	for _, alias := range ks.Aliases() {
		if !ks.IsPrivateKeyEntry(alias) {
			continue
		}
		entry, err := ks.GetPrivateKeyEntry(alias, []byte(keyPassword))
		if err != nil {
			return nil, fmt.Errorf("the key %q does not open with ssl.key.password: %w", alias, err)
		}
		key, err := x509.ParsePKCS8PrivateKey(entry.PrivateKey)
		if err != nil {
			return nil, err
		}
		c := &tls.Certificate{PrivateKey: key}
		for _, more := range entry.CertificateChain {
			c.Certificate = append(c.Certificate, more.Content)
		}
		return c, nil
	}
	return nil, errors.New("it has no private key")
}

func openJKS(b []byte, password string) (keystore.KeyStore, error) {
	ks := keystore.New()
	if err := ks.Load(bytes.NewReader(b), []byte(password)); err != nil {
		return ks, fmt.Errorf("the store does not open with its password: %w", err)
	}
	return ks, nil
}

func readStore(name, file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

func isPEM(b []byte) bool { return bytes.Contains(b, []byte("-----BEGIN")) }
func isJKS(b []byte) bool { return bytes.HasPrefix(b, []byte{0xfe, 0xed, 0xfe, 0xed}) }
