package notify

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hald-project/hald/event"
)

// mailserver is one of Debian's at work.
type mailserver struct {
	address string
	ca      string
	letters *bufio.Scanner
}

// letter is what the server got.
type letter struct {
	TLS    bool
	User   string
	From   string
	To     []string
	Letter string
}

// serveMail starts the server with a certificate for 127.0.0.1.
func serveMail(t *testing.T, mechanisms, offersTLS string) *mailserver {
	t.Helper()
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	certify(t, file("cert"), file("key"))
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "testdata/mailserver.py", file("cert"), file("key"), mechanisms, offersTLS, file("port"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if port, err := os.ReadFile(file("port")); err == nil {
			return &mailserver{net.JoinHostPort("127.0.0.1", string(port)), file("cert"), bufio.NewScanner(out)}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the mail server (python3-aiosmtpd: integration/deps.sh) does not begin: %s", &said)
		}
	}
}

// certify writes a certificate for 127.0.0.1 and its key.
func certify(t *testing.T, certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *mailserver) smtp(to ...string) SMTP {
	return SMTP{Server: s.address, From: "hald@example.net", To: to, Username: "hald", Password: "s3cr3t", StartTLS: true, CA: s.ca}
}

// next is the next letter that the server got.
func (s *mailserver) next(t *testing.T) (l letter) {
	t.Helper()
	if !s.letters.Scan() {
		t.Fatal("no letter")
	}
	if err := json.Unmarshal(s.letters.Bytes(), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLetters: over TLS, logged in by PLAIN and by LOGIN, whole and readable.
func TestLetters(t *testing.T) {
	t.Parallel()
	night := event.Event{Seq: 8, Time: noon, Name: "quorum.lost", Cluster: "shop", Director: "lb1", Service: "läden", Error: "2 of 3 down\r\nBcc: all@example.net"}
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		s := serveMail(t, mechanism, "yes")
		m := &mailer{s.smtp("ops@example.net", "boss@example.net")}
		if err := m.send(t.Context(), []event.Event{moved, night, lost}); err != nil {
			t.Fatalf("%s: %v", mechanism, err)
		}
		got := s.next(t)
		if !got.TLS || got.User != "hald" || got.From != "hald@example.net" || !slices.Equal(got.To, []string{"ops@example.net", "boss@example.net"}) {
			t.Errorf("%s: %+v", mechanism, got)
		}
		parsed, err := mail.ReadMessage(strings.NewReader(got.Letter))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		if want := "[shop/lb1] virtual server lost its quorum: läden: 2 of 3 down Bcc: all@example.net (and 2 more)"; err != nil || subject != want {
			t.Errorf("subject %q, want %q, %v", subject, want, err)
		}
		if parsed.Header.Get("Bcc") != "" || parsed.Header.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("header %v", parsed.Header)
		}
		if _, err := parsed.Header.Date(); err != nil {
			t.Error(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"2026-11-28 12:00:00 UTC  virtual router changed state: front backup -> master (master_silent)\r\n",
			"2026-11-28 12:00:00 UTC  virtual server lost its quorum: läden: 2 of 3 down Bcc: all@example.net\r\n",
			`error virtual server lost its quorum {"event": "quorum.lost", "seq": 8, "cluster": "shop", "director": "lb1", "service": "läden"`,
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
}

// TestLettersThatCannotBeSent: what is wrong is said, without the password, and
// whether it makes sense to try again.
func TestLettersThatCannotBeSent(t *testing.T) {
	t.Parallel()
	s, bare, strange := serveMail(t, "PLAIN,LOGIN", "yes"), serveMail(t, "PLAIN", "no"), serveMail(t, "", "yes")
	for name, tt := range map[string]struct {
		change   func(m *SMTP)
		want     string
		hopeless bool
	}{
		"not trusted":     {func(m *SMTP) { m.CA = "" }, "certificate", false},
		"another name":    {func(m *SMTP) { m.Server = strings.Replace(m.Server, "127.0.0.1", "localhost", 1) }, "certificate", false},
		"wrong password":  {func(m *SMTP) { m.Password = "s3cr3t2" }, "AUTH: 535", true},
		"no such mailbox": {func(m *SMTP) { m.To = []string{"nobody@example.net"} }, `RCPT TO nobody@example.net: 550 "5.1.1 no such mailbox"`, true},
		"later":           {func(m *SMTP) { m.To = []string{"later@example.net"} }, "451", false},
		"no STARTTLS":     {func(m *SMTP) { m.Server = bare.address }, "does not offer STARTTLS", false},
		"no AUTH":         {func(m *SMTP) { m.Server, m.CA = strange.address, strange.ca }, "neither AUTH PLAIN nor AUTH LOGIN", false},
		"nobody there":    {func(m *SMTP) { m.Server = "127.0.0.1:1" }, "connection refused", false},
	} {
		m := s.smtp("ops@example.net")
		tt.change(&m)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err := (&mailer{m}).send(ctx, []event.Event{lost})
		cancel()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cr3t") || about(err).hopeless != tt.hopeless {
			t.Errorf("%s: %v, hopeless %t", name, err, about(err).hopeless)
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	m := s.smtp("ops@example.net")
	m.Server = silent.Addr().String()
	if err := (&mailer{m}).send(ctx, []event.Event{lost}); err == nil || err.Error() != "timeout" {
		t.Errorf("a server that says nothing: %v", err)
	}
	open := s.smtp("ops@example.net")
	open.StartTLS, open.Username = false, ""
	if err := (&mailer{open}).send(t.Context(), []event.Event{lost}); err != nil || s.next(t).TLS {
		t.Errorf("without TLS and login: %v", err)
	}
}
