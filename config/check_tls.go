package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"
)

// readTLS reads how a check speaks TLS.
func (r *reader) readTLS(b *block) TLSCheck {
	verify := read(r, b, "verify", boolean).or(true)
	ca := read(r, b, "ca", absolutePath)
	certificate := read(r, b, "certificate", absolutePath)
	key := read(r, b, "key", absolutePath)
	if verify.ok && !verify.value && ca.given {
		r.fail(ca.at, "Invalid ca", "With verify = false whoever answers is believed, and ca has no meaning. Remove one of them.")
	}
	if certificate.given != key.given {
		had, lacks := certificate, "key"
		if key.given {
			had, lacks = key, "certificate"
		}
		r.fail(had.at, "Missing attribute "+lacks, fmt.Sprintf("%s has one of certificate and key; a client needs both.", b.title()))
	}
	if ca.ok {
		r.checkFile(ca, "certificates", readAuthorities)
	}
	if certificate.ok && key.ok {
		r.checkFile(certificate, "certificate", readable)
		r.checkFile(key, "key", func(path string) error { return readPair(certificate.value, path) })
	}
	return TLSCheck{
		Insecure: !verify.value, CA: ca.value, Certificate: certificate.value, Key: key.value,
		ServerName: read(r, b, "server_name", serverName).value,
		ExpiresIn:  read(r, b, "expires_in", duration(time.Second, 10*365*24*time.Hour, time.Second)).value,
	}
}

// readGRPC reads what a check "grpc" asks, and how it speaks TLS if it does.
func (r *reader) readGRPC(b *block) (GRPCCheck, TLSCheck) {
	g := GRPCCheck{Service: read(r, b, "service", filled).value, TLS: read(r, b, "tls", boolean).value}
	if g.TLS {
		return g, r.readTLS(b)
	}
	for _, name := range tlsAttributes {
		if attr := b.attribute(name); attr != nil {
			r.fail(attr.NameRange, "Invalid "+name, fmt.Sprintf("%s does not speak TLS: add tls = true, or remove this.", b.title()))
		}
	}
	return g, TLSCheck{}
}

// serverName accepts the name that is asked for in a handshake, or an address.
func serverName(v value) (string, error) {
	s, err := hostHeader(v)
	if _, bad := netip.ParseAddr(s); err == nil && bad != nil && strings.Contains(s, ":") {
		return "", complain("%s has a port; server_name is a name or an address alone.", v)
	}
	return s, err
}

// withoutPort is the name or address in a Host header.
func withoutPort(host string) string {
	if at, err := netip.ParseAddrPort(host); err == nil {
		return at.Addr().String()
	}
	if strings.Count(host, ":") == 1 {
		host, _, _ = strings.Cut(host, ":")
	}
	return strings.Trim(host, "[]")
}

// readAuthorities reads a file of certificates.
func readAuthorities(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return plainPathError(err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return errors.New("there is no PEM certificate in it")
	}
	return nil
}

func readable(path string) error {
	if _, err := os.ReadFile(path); err != nil {
		return plainPathError(err)
	}
	return nil
}

// readPair reads a certificate with its key, which others may not read.
func readPair(certificate, key string) error {
	if info, err := os.Stat(key); err == nil && info.Mode().Perm()&0o004 != 0 {
		return fmt.Errorf("everybody can read it: chmod o= %s", key)
	}
	if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
		return fmt.Errorf("with its certificate: %s", strings.TrimPrefix(plainPathError(err).Error(), "tls: "))
	}
	return nil
}
