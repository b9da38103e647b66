package config

import (
	"fmt"
	"os/user"
	"regexp"
	"strings"
)

// readTalk reads what a check "tcp" or "udp" says and wants to hear.
func (r *reader) readTalk(b *block, c *Check) {
	send, expect := read(r, b, "send", filled), read(r, b, "expect", expression)
	c.Send, c.Expect = send.value, expect.value
	switch {
	case b.label == "tcp" && send.given && !expect.given:
		r.fail(send.at, "Missing attribute expect", fmt.Sprintf("%s sends something and looks at no answer: add expect, a regular expression, or remove send.", b.title()))
	case b.label == "udp" && expect.given && !send.given:
		r.fail(expect.at, "Missing attribute send", fmt.Sprintf("%s expects an answer and asks nothing: no server answers an empty datagram. Add send.", b.title()))
	case len(c.Send) > maxSend:
		r.fail(send.at, "Invalid send", fmt.Sprintf("It has %d bytes; at most %d are sent.", len(c.Send), maxSend))
	}
}

// maxSend is what a check may send, in bytes: one datagram without fragments, mostly.
const maxSend = 1400

// readSMTP reads how a check "smtp" talks.
func (r *reader) readSMTP(b *block) SMTPCheck {
	return SMTPCheck{
		Helo:     read(r, b, "helo", heloName).or(r.director.Name).value,
		StartTLS: read(r, b, "starttls", boolean).value,
	}
}

var domain = regexp.MustCompile(`^([0-9A-Za-z_]([0-9A-Za-z_.-]*[0-9A-Za-z_])?|\[[0-9A-Za-z.:]+\])$`) // RFC 5321, 4.1.1.1

func heloName(v value) (string, error) {
	s, err := filled(v)
	if err == nil && (!domain.MatchString(s) || len(s) > 255) {
		return "", complain("%s is not a host name such as \"lb1.example.net\", nor an address in brackets.", v)
	}
	return s, err
}

// readSwitch reads the path of the file that a check "file" looks at.
func (r *reader) readSwitch(b *block) string {
	path := need(r, b, "path", "the absolute path of a file with a number in it, 0 for healthy", absolutePath)
	if path.ok {
		r.checkFile(path, "file", readable)
	}
	return path.value
}

// readUser reads whose rights a program has: without a word it has all of ours, which is
// warned of. One that is not known on another machine
// than the director's own is a warning.
func (r *reader) readUser(b *block) string {
	name := read(r, b, "user", filled)
	if !name.given {
		r.source.warn(&b.at, "Program with all rights", fmt.Sprintf(
			"The program of %s has hald's own rights: those of root, unless hald was started as somebody else. Set user, and be it to \"root\".", b.title()))
	}
	if !name.ok {
		return ""
	}
	r.looks++
	if _, err := user.Lookup(name.value); err != nil {
		detail := fmt.Sprintf("%s: %s.", name.shown(), strings.TrimPrefix(err.Error(), "user: "))
		if r.source.elsewhere {
			r.source.warn(&name.at, "Unknown user", detail)
		} else {
			r.fail(name.at, "Unknown user", detail)
		}
	}
	return name.value
}
