package healthcheck

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// SMTP is healthy when a mail server greets with 220, answers EHLO with 250 and, with
// StartTLS, offers it and completes a handshake; nobody's certificate is verified, as
// mail servers do among each other (RFC 7435). It leaves with QUIT.
type SMTP struct {
	Target   netip.AddrPort
	Way      Way
	Helo     string // the name we give ourselves
	StartTLS bool

	dial dialFunc // nil: the system's
}

// maxLines is how many lines an SMTP answer may have; each may have 1000 bytes
// (RFC 5321, 4.5.3.1.5 asks for 512).
const maxLines = 100

// Check talks once.
func (c *SMTP) Check(ctx context.Context) error {
	conn, hangUp, err := c.Way.through(c.dial).connect(ctx, c.Target)
	if err != nil {
		return err
	}
	defer hangUp()
	plain := talk{conn, bufio.NewReaderSize(conn, 1000)}
	if _, err := plain.hear("greeting", "220"); err != nil {
		return err
	}
	offers, err := plain.say("EHLO "+c.Helo, "250")
	if err != nil || !c.StartTLS {
		return errors.Join(err, plain.leave())
	}
	if !offers["STARTTLS"] {
		return errors.New("EHLO: the server does not offer STARTTLS")
	}
	if _, err := plain.say("STARTTLS", "220"); err != nil {
		return err
	}
	if plain.in.Buffered() > 0 { // RFC 3207, 6: what was said before the handshake counts for nothing
		return errors.New("STARTTLS: the server goes on in plain text")
	}
	met, err := (&Secure{Insecure: true}).handshake(ctx, conn, c.Target)
	if err != nil {
		return err
	}
	return (&talk{met.Conn, nil}).leave()
}

// talk is an SMTP session.
type talk struct {
	conn net.Conn
	in   *bufio.Reader
}

// leave takes leave without waiting: what the server thinks of that says nothing.
func (t *talk) leave() error {
	t.conn.Write([]byte("QUIT\r\n"))
	return nil
}

// say sends a command and hears the answer.
func (t *talk) say(command, want string) (words map[string]bool, err error) {
	verb, _, _ := strings.Cut(command, " ")
	if _, err := t.conn.Write([]byte(command + "\r\n")); err != nil {
		return nil, explain(verb, err)
	}
	return t.hear(verb, want)
}

// hear reads an answer, and tells the first word of each of its lines.
func (t *talk) hear(phase, want string) (words map[string]bool, err error) {
	words = map[string]bool{}
	for range maxLines {
		raw, err := t.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("%s: a line above 1000 bytes", phase)
		case err != nil:
			return nil, explain(phase, err)
		}
		line := strings.TrimRight(string(raw), "\r\n")
		if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' || strings.Trim(line[:3], "0123456789") != "" {
			return nil, fmt.Errorf("%s: %q is no answer of a mail server", phase, clip(line))
		}
		if line[:3] != want {
			return nil, fmt.Errorf("%s: %q, not %s", phase, clip(line), want)
		}
		if len(line) == 3 || line[3] == ' ' {
			end := strings.Fields(line[3:])
			if len(end) > 0 {
				words[strings.ToUpper(end[0])] = true
			}
			return words, nil
		}
		if word := strings.Fields(line[4:]); len(word) > 0 {
			words[strings.ToUpper(word[0])] = true
		}
	}
	return nil, fmt.Errorf("%s: more than %d lines", phase, maxLines)
}
