package healthcheck

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// Secure is how a probe speaks TLS, 1.2 or later, and whom it believes. No
// session is resumed: each handshake is whole.
//
// Its files are read anew when they have changed, so a renewed certificate needs no
// reload. Files that cannot be read are this machine's fault, not the server's.
type Secure struct {
	Insecure         bool          // whoever answers is believed
	CA               string        // path, PEM: who may sign; empty: the system's authorities
	Certificate, Key string        // paths, PEM: the client's; empty: it has none
	ServerName       string        // asked for (SNI) and verified; empty: the target's address
	ExpiresIn        time.Duration // a certificate that ends sooner is a failure; 0: one that has ended is

	read  string // what the files were when they were read
	roots *x509.CertPool
	own   []tls.Certificate
}

// greeting is what a handshake has found out.
type greeting struct {
	*tls.Conn
	asked bool // for a certificate of ours
}

// handshake speaks TLS over a connection and verifies the server. Protocols are
// offered by ALPN.
func (s *Secure) handshake(ctx context.Context, conn net.Conn, target netip.AddrPort, protocols ...string) (*greeting, error) {
	if err := s.load(); err != nil {
		return nil, ownFault{err}
	}
	met := new(greeting)
	name := s.ServerName
	if name == "" {
		name = target.Addr().WithZone("").String()
	}
	met.Conn = tls.Client(conn, &tls.Config{
		InsecureSkipVerify: s.Insecure, RootCAs: s.roots, ServerName: name, NextProtos: protocols,
		GetClientCertificate: func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			met.asked = true
			if len(s.own) > 0 {
				return &s.own[0], nil // whatever issuers it names: the operator chose this one
			}
			return new(tls.Certificate), nil
		},
	})
	if err := met.HandshakeContext(ctx); err != nil {
		return nil, s.explain(met, name, err)
	}
	state := met.ConnectionState()
	if soonest := firstToEnd(state); s.ExpiresIn > 0 && time.Until(soonest.NotAfter) < s.ExpiresIn {
		return nil, validity(soonest, state.PeerCertificates[0])
	}
	return met, nil
}

// load reads the files that have changed since they were last read.
func (s *Secure) load() error {
	var now strings.Builder
	for _, path := range []string{s.CA, s.Certificate, s.Key} {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("own files: %s", clip(err.Error()))
		}
		fmt.Fprintln(&now, info.ModTime().UnixNano(), info.Size())
	}
	if now.String() == s.read {
		return nil
	}
	roots, own := s.roots, s.own
	if s.CA != "" {
		text, err := os.ReadFile(s.CA)
		if err != nil {
			return fmt.Errorf("own files: %s", clip(err.Error()))
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(text) {
			return fmt.Errorf("own files: no certificate in %s", s.CA)
		}
	}
	if s.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
		if err != nil {
			return fmt.Errorf("own files: %s with its key: %s", s.Certificate, clip(err.Error()))
		}
		own = []tls.Certificate{pair}
	}
	s.roots, s.own, s.read = roots, own, now.String()
	return nil
}

// blame adds to an error what is most likely its reason: of TLS 1.3 the alert that tells
// may be lost where the server closes the connection at once.
func (g *greeting) blame(s *Secure, err error) error {
	if err == nil || !g.asked || s.Certificate != "" {
		return err
	}
	return fmt.Errorf("%w (the server asked for a client certificate, and the check has none)", err)
}

// Write says of a connection that the server has ended why, if it told: in TLS 1.3 it
// does so only after the handshake (RFC 8446, 4.4.2.4).
func (g *greeting) Write(p []byte) (int, error) {
	n, err := g.Conn.Write(p)
	if err != nil {
		if _, told := g.Read(make([]byte, 1)); alert(told) != "" {
			err = told
		}
	}
	return n, err
}
