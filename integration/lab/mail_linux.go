package lab

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
)

// MailServer is Debian's aiosmtpd on port 25 of the client. It takes letters to anybody,
// but only by STARTTLS and from who logs in by MailUser and MailPassword.
type MailServer struct {
	Authority string // path of the certificate that it shows, for its address, signed by itself
	lab       *Lab
	key, box  string
}

// MailUser and MailPassword are who a mail server lets in.
const (
	MailUser     = "hald"
	MailPassword = "correct horse"
)

// mailProgram is the server: address, certificate, key, mail box, user, password.
const mailProgram = `
import asyncio, ssl, sys
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult

host, certificate, key, box, user, password = sys.argv[1:]
tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(certificate, key)

def login(server, session, envelope, mechanism, who):
    return AuthResult(success=(who.login.decode(), who.password.decode()) == (user, password))

async def serve():
    handler = Mailbox(box)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, tls_context=tls, require_starttls=True, auth_required=True, authenticator=login), host, 25)
    await server.serve_forever()

asyncio.run(serve())
`

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
	m.lab.spawn(m.lab.client, "mail", "/usr/bin/python3", "-c", mailProgram, Client.Addr().String(), m.Authority, m.key, m.box, MailUser, MailPassword)
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
