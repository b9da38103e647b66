package lab

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
)

// MailServer is Debian's aiosmtpd on port 25 of the client. It takes letters to anybody,
// but only by STARTTLS.
type MailServer struct {
	Authority string // path of the certificate that it shows, for its address, signed by itself
	lab       *Lab
	key, box  string
}

// Letter is one that a mail server took.
type Letter struct{ Subject, Text string }

// MailServer is one that is not started yet.
func (l *Lab) MailServer() *MailServer {
	l.t.Helper()
	m := &MailServer{lab: l, Authority: filepath.Join(l.folder, "mail.pem"), key: filepath.Join(l.folder, "mail.key"), box: filepath.Join(l.folder, "letters")}
	l.Run("client", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
		"-subj", "/CN=mail", "-addext", "subjectAltName=IP:"+Client.Addr().String(), "-out", m.Authority, "-keyout", m.key)
	return m
}

// Start starts it; that it can be reached takes a moment more.
func (m *MailServer) Start() {
	m.lab.t.Helper()
	m.lab.spawn(m.lab.client, "mail", "aiosmtpd", "-n", "-l", fmt.Sprintf("%s:25", Client.Addr()), "--tlscert", m.Authority, "--tlskey", m.key,
		"-c", "aiosmtpd.handlers.Mailbox", m.box)
}

// Letters are those that it took so far.
func (m *MailServer) Letters() (list []Letter) {
	m.lab.t.Helper()
	files, err := filepath.Glob(filepath.Join(m.box, "new", "*"))
	m.lab.must(err)
	for _, path := range files {
		letter, err := readLetter(path)
		m.lab.must(err)
		list = append(list, letter)
	}
	return list
}

func readLetter(path string) (Letter, error) {
	file, err := os.Open(path)
	if err != nil {
		return Letter{}, err
	}
	defer file.Close()
	message, err := mail.ReadMessage(file)
	if err != nil {
		return Letter{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return Letter{}, err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	return Letter{subject, string(text)}, err
}
