package healthcheck

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// explain says why a handshake failed in the words an operator looks for.
func (s *Secure) explain(met *greeting, name string, err error) error {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var foreign x509.HostnameError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &foreign):
		return fmt.Errorf("certificate is for %s, not for %s", namesOf(foreign.Certificate), name)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return validity(invalid.Cert, nil)
	case errors.As(err, &unknown):
		return fmt.Errorf("certificate is signed by %s, who is not trusted", issuer(unknown.Cert))
	case errors.As(err, &invalid):
		return fmt.Errorf("certificate: %s", clip(strings.TrimPrefix(invalid.Error(), "x509: ")))
	case errors.As(err, &record):
		return errors.New("tls handshake: the server does not speak TLS")
	case alert(err) != "":
		return met.refused(s, alert(err))
	}
	return explain("tls handshake", err)
}

// alert is what the server said when it ended a connection, empty where it said
// nothing.
func alert(err error) string {
	var wire *net.OpError
	if !errors.As(err, &wire) || wire.Op != "remote error" {
		return ""
	}
	return strings.TrimPrefix(wire.Err.Error(), "tls: ")
}

// refused explains an alert.
func (g *greeting) refused(s *Secure, alert string) error {
	if g.asked && s.Certificate == "" {
		return fmt.Errorf("the server wants a client certificate, and the check has none (%s)", alert)
	}
	if g.asked {
		return fmt.Errorf("the server refuses the client certificate: %s", alert)
	}
	return fmt.Errorf("tls handshake: the server refuses: %s", alert)
}

// validity tells when a certificate ended, ends or begins; leaf is the server's, where
// that is known.
func validity(c, leaf *x509.Certificate) error {
	whose := "certificate"
	if c.IsCA && (leaf == nil || !c.Equal(leaf)) {
		whose = fmt.Sprintf("certificate of the authority %s", subject(c))
	}
	now, date := time.Now(), func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
	switch {
	case now.Before(c.NotBefore):
		return fmt.Errorf("%s is valid in %s only, from %s", whose, span(c.NotBefore.Sub(now)), date(c.NotBefore))
	case now.After(c.NotAfter):
		return fmt.Errorf("%s expired %s ago, on %s", whose, span(now.Sub(c.NotAfter)), date(c.NotAfter))
	}
	return fmt.Errorf("%s expires in %s, on %s", whose, span(c.NotAfter.Sub(now)), date(c.NotAfter))
}

// span is a duration in its largest unit, of which there are two or more.
func span(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "days"}, {time.Hour, "hours"}, {time.Minute, "minutes"}} {
		if n := d / unit.size; n >= 2 {
			return fmt.Sprintf("%d %s", n, unit.name)
		}
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}

// firstToEnd is the certificate that ends first, of the verified chain that lasts
// longest; of a server that was not verified its own.
func firstToEnd(state tls.ConnectionState) *x509.Certificate {
	chains := state.VerifiedChains
	if len(chains) == 0 {
		chains = [][]*x509.Certificate{state.PeerCertificates[:1]}
	}
	var longest *x509.Certificate
	for _, chain := range chains {
		first := chain[0]
		for _, c := range chain {
			if c.NotAfter.Before(first.NotAfter) {
				first = c
			}
		}
		if longest == nil || first.NotAfter.After(longest.NotAfter) {
			longest = first
		}
	}
	return longest
}

// namesOf is whom a certificate is for, shortened.
func namesOf(c *x509.Certificate) string {
	var names []string
	for _, n := range c.DNSNames {
		names = append(names, fmt.Sprintf("%q", n))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], fmt.Sprintf("%d more", more))
	}
	if len(names) == 0 {
		return "no name at all"
	}
	return clip(strings.Join(names, ", "))
}

func issuer(c *x509.Certificate) string {
	if bytes.Equal(c.RawIssuer, c.RawSubject) {
		return "itself"
	}
	return clip(fmt.Sprintf("%q", c.Issuer.String()))
}

func subject(c *x509.Certificate) string { return clip(fmt.Sprintf("%q", c.Subject.String())) }
