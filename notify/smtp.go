package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hald-project/hald/event"
)

// SMTP is a mail server that takes letters about events.
type SMTP struct {
	Server   string // host:port
	From     string // addresses alone
	To       []string
	Username string // empty: nobody logs in
	Password string
	StartTLS bool // it has to offer STARTTLS, with a certificate for its name; nothing is said before
	CA       string
	Collect  time.Duration // events that come within are in one letter
}

// mailer is it at work.
type mailer struct{ SMTP }

// send sends one letter. What a server says for good (5yz, RFC 5321, 4.2.1) stays so.
func (m *mailer) send(ctx context.Context, events []event.Event) error {
	letter, err := compose(m.From, m.To, events, time.Now())
	if err != nil {
		return hopeless(err)
	}
	err = m.deliver(ctx, letter)
	var said *textproto.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("timeout")
	case errors.As(err, &said) && said.Code >= 500:
		return hopeless(err)
	}
	return err
}

func (m *mailer) deliver(ctx context.Context, letter []byte) error {
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		conn.Close()
		return fmt.Errorf("greeting: %w", err)
	}
	defer c.Close()
	if name, err := os.Hostname(); err == nil {
		if err := c.Hello(name); err != nil {
			return fmt.Errorf("EHLO: %w", err)
		}
	}
	if err := m.prove(c, host); err != nil {
		return err
	}
	if err := c.Mail(m.From); err != nil {
		return fmt.Errorf("MAIL FROM %s: %w", m.From, err)
	}
	for _, to := range m.To {
		if err := c.Rcpt(to); err != nil {
			return fmt.Errorf("RCPT TO %s: %w", to, err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("DATA: %w", err)
	}
	if _, err := w.Write(letter); err != nil {
		return fmt.Errorf("send the letter: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("the letter was not taken: %w", err)
	}
	_ = c.Quit() // it has it
	return nil
}

// prove has the server prove who it is, and then says who we are.
func (m *mailer) prove(c *smtp.Client, host string) error {
	if m.StartTLS {
		trust := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
		if m.CA != "" {
			var err error
			if trust.RootCAs, err = authorities(m.CA); err != nil {
				return err
			}
		}
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return errors.New("the server does not offer STARTTLS")
		}
		if err := c.StartTLS(trust); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	}
	if m.Username == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	switch mechanisms := strings.Fields(offered); {
	case slices.Contains(mechanisms, "PLAIN"):
		return m.login(c, smtp.PlainAuth("", m.Username, m.Password, host))
	case slices.Contains(mechanisms, "LOGIN"):
		return m.login(c, login{m.Username, m.Password})
	}
	return fmt.Errorf("the server offers neither AUTH PLAIN nor AUTH LOGIN: %q", offered)
}

func (m *mailer) login(c *smtp.Client, a smtp.Auth) error {
	if err := c.Auth(a); err != nil {
		return fmt.Errorf("AUTH: %w", err)
	}
	return nil
}

// login is AUTH LOGIN, which no standard describes: the server asks for two things.
type login struct{ username, password string }

func (a login) Start(s *smtp.ServerInfo) (string, []byte, error) {
	if !s.TLS {
		return "", nil, errors.New("without TLS the password would be readable")
	}
	return "LOGIN", nil, nil
}

func (a login) Next(asked []byte, more bool) ([]byte, error) {
	switch {
	case !more:
		return nil, nil
	case strings.HasPrefix(strings.ToLower(string(asked)), "user"):
		return []byte(a.username), nil
	case strings.HasPrefix(strings.ToLower(string(asked)), "pass"):
		return []byte(a.password), nil
	}
	return nil, fmt.Errorf("the server asks %q", inLine(string(asked)))
}
