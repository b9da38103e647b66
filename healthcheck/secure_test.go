package healthcheck

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
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// authority signs certificates for a test, into files of its folder.
type authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	path   string
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{folder: t.TempDir()}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-365 * 24 * time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, _ = x509.ParseCertificate(der)
	a.path = writePEM(t, filepath.Join(a.folder, "ca.pem"), "CERTIFICATE", der)
	return a
}

// issue signs a certificate for a name or an address, valid from and to as far from now.
func (a *authority) issue(t *testing.T, file, name string, from, to time.Duration) (certificate, key string) {
	t.Helper()
	own, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else if name != "" {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &own.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	secret, _ := x509.MarshalECPrivateKey(own)
	return writePEM(t, filepath.Join(a.folder, file+".pem"), "CERTIFICATE", der), writePEM(t, filepath.Join(a.folder, file+".key"), "EC PRIVATE KEY", secret)
}

// serve is what a server needs to present a certificate.
func (a *authority) serve(t *testing.T, name string, from, to time.Duration) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(a.issue(t, "server", name, from, to))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

func writePEM(t *testing.T, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const day = 24 * time.Hour

// pipe dials a server in the test's bubble.
func pipe(serve func(net.Conn)) dialFunc {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		out := &sender{Conn: server, queue: make(chan []byte, 16), served: make(chan struct{}), ended: make(chan struct{})}
		go out.run()
		go func() {
			defer close(out.served)
			serve(out)
		}()
		return client, nil
	}
}

// sender has room for what its server writes, as a socket does: of TLS both sides
// write at a time. It is closed when the server has returned and all is sent.
type sender struct {
	net.Conn
	queue  chan []byte
	served chan struct{} // the server has returned
	ended  chan struct{}
}

func (s *sender) Write(b []byte) (int, error) {
	select {
	case s.queue <- bytes.Clone(b):
		return len(b), nil
	case <-s.ended:
		return 0, io.ErrClosedPipe
	}
}

func (s *sender) Close() error { return nil }

func (s *sender) run() {
	defer close(s.ended)
	defer s.Conn.Close()
	for {
		select {
		case b := <-s.queue:
			if _, err := s.Conn.Write(b); err != nil {
				return
			}
		case <-s.served:
			for len(s.queue) > 0 {
				if _, err := s.Conn.Write(<-s.queue); err != nil {
					return
				}
			}
			return
		}
	}
}

// handshaker is a server that shakes hands and waits for the client to go.
func handshaker(config *tls.Config) func(net.Conn) {
	return func(conn net.Conn) {
		secured := tls.Server(conn, config)
		secured.Read(make([]byte, 1))
		secured.Close()
	}
}

// In a bubble it is the first of January 2000, always: what is said of dates is exact.
func TestCertificates(t *testing.T) {
	for _, tt := range []struct {
		name     string
		issued   string // for whom
		from, to time.Duration
		secure   Secure
		want     string
	}{
		{"good", "192.0.2.1", -day, day, Secure{}, ""},
		{"good for a name", "www.example.net", -day, day, Secure{ServerName: "www.example.net"}, ""},
		{"expired", "192.0.2.1", -9 * day, -3*day - time.Hour, Secure{}, "certificate expired 3 days ago, on 1999-12-28 23:00 UTC"},
		{"expired just now", "192.0.2.1", -9 * day, -time.Minute, Secure{}, "certificate expired 60 seconds ago, on 1999-12-31 23:59 UTC"},
		{"not yet", "192.0.2.1", 5 * time.Hour, day, Secure{}, "certificate is valid in 5 hours only, from 2000-01-01 05:00 UTC"},
		{"soon", "192.0.2.1", -day, 6*day + time.Hour, Secure{ExpiresIn: 7 * day}, "certificate expires in 6 days, on 2000-01-07 01:00 UTC"},
		{"not that soon", "192.0.2.1", -day, 7*day + time.Hour, Secure{ExpiresIn: 7 * day}, ""},
		{"of the authority, soon", "192.0.2.1", -day, 400 * day, Secure{ExpiresIn: 370 * day}, `certificate of the authority "CN=hald test" expires in 365 days, on 2000-12-31 00:00 UTC`},
		{"soon, not verified", "192.0.2.9", -day, 6 * day, Secure{ExpiresIn: 7 * day, Insecure: true}, "certificate expires in 6 days, on 2000-01-07 00:00 UTC"},
		{"another name", "www.example.net", -day, day, Secure{ServerName: "api.example.net"}, `certificate is for "www.example.net", not for api.example.net`},
		{"a name for an address", "www.example.net", -day, day, Secure{}, `certificate is for "www.example.net", not for 192.0.2.1`},
		{"no name", "", -day, day, Secure{}, "certificate is for no name at all, not for 192.0.2.1"},
		{"another authority", "192.0.2.1", -day, day, Secure{CA: "other"}, `certificate is signed by "CN=hald test", who is not trusted`},
		{"the system's authorities", "192.0.2.1", -day, day, Secure{CA: "system"}, `certificate is signed by "CN=hald test", who is not trusted`},
		{"anything goes", "www.example.net", -9 * day, -3 * day, Secure{Insecure: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signer := newAuthority(t, "hald test")
				secure := tt.secure
				switch {
				case secure.CA == "other":
					secure.CA = newAuthority(t, "hald test").path
				case secure.CA == "system":
					secure.CA = ""
				case !secure.Insecure:
					secure.CA = signer.path
				}
				check := &TLS{Target: netip.MustParseAddrPort("192.0.2.1:443"), Secure: secure, dial: pipe(handshaker(signer.serve(t, tt.issued, tt.from, tt.to)))}
				verify(t, check.Check(t.Context()), tt.want)
			})
		})
	}
}

func TestClientCertificate(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, want := range map[string][2]string{ // TLS 1.2, 1.3
			"none":     {"the server wants a client certificate, and the check has none (handshake failure)", "the server wants a client certificate, and the check has none (certificate required)"},
			"good":     {},
			"stranger": {"the server refuses the client certificate: unknown certificate authority", "the server refuses the client certificate: unknown certificate authority"},
		} {
			t.Run(tls.VersionName(version)+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					signer := newAuthority(t, "hald test")
					config := signer.serve(t, "192.0.2.1", -day, day)
					config.MaxVersion, config.ClientAuth, config.ClientCAs = version, tls.RequireAndVerifyClientCert, x509.NewCertPool()
					config.ClientCAs.AddCert(signer.cert)
					secure := Secure{CA: signer.path}
					switch name {
					case "good":
						secure.Certificate, secure.Key = signer.issue(t, "client", "hald", -day, day)
					case "stranger":
						secure.Certificate, secure.Key = newAuthority(t, "other").issue(t, "client", "hald", -day, day)
					}
					check := &TLS{Target: netip.MustParseAddrPort("192.0.2.1:443"), Secure: secure, dial: pipe(handshaker(config))}
					verify(t, check.Check(t.Context()), want[version-tls.VersionTLS12])
				})
			})
		}
	}
}

// A renewed file is read again; one that is missing is not the server's fault.
func TestFilesAreReadAgain(t *testing.T) {
	signer, other := newAuthority(t, "hald test"), newAuthority(t, "another")
	config := signer.serve(t, "192.0.2.1", -day, day)
	path := filepath.Join(t.TempDir(), "ca.pem")
	check := &TLS{Target: netip.MustParseAddrPort("192.0.2.1:443"), Secure: Secure{CA: path}, dial: pipe(handshaker(config))}
	monitor := &Monitor{Checker: check, Timeout: 10 * time.Second}
	put := func(from string, when time.Time) {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err == nil {
			err = os.Chtimes(path, when, when)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := monitor.probe(t.Context()); !got.Local || !strings.Contains(got.Err.Error(), "own files: stat "+path) {
		t.Errorf("without the file: %+v", got)
	}
	put(other.path, time.Unix(1, 0))
	if got := monitor.probe(t.Context()); got.Local || got.Err == nil {
		t.Errorf("with another authority: %+v", got)
	}
	put(signer.path, time.Unix(2, 0))
	if got := monitor.probe(t.Context()); got.Err != nil {
		t.Errorf("renewed: %v", got.Err)
	}
}
