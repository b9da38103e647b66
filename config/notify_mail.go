package config

import (
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"time"
)

// readMail reads by which server, and to whom, events are mailed.
func (r *reader) readMail(b *block) NotifySMTP {
	server := need(r, b, "server", "the mail server with its port, such as \"mail.example.net:587\"", mailServer)
	from := need(r, b, "from", "the address that the letters come from", mailAddress)
	to := readList(r, b, "to", mailAddress)
	r.mustBeGiven(b, "to", "the list of addresses that the letters go to", to.given)
	if to.ok && to.given && len(to.value) == 0 {
		r.fail(to.at, "Invalid to", "An empty list would tell nobody.")
	}
	starttls := read(r, b, "starttls", boolean).or(true)
	username, password := read(r, b, "username", filled), read(r, b, "password", filled)
	ca := read(r, b, "ca", absolutePath)
	if ca.ok {
		r.checkFile(ca, "certificates", readAuthorities)
	}
	switch {
	case username.given != password.given:
		had, lacks := username, "password"
		if password.given {
			had, lacks = password, "username"
		}
		r.fail(had.at, "Missing attribute "+lacks, fmt.Sprintf("%s has one of username and password; it takes both to log in.", b.title()))
	case password.given && starttls.ok && !starttls.value:
		r.fail(starttls.at, "Invalid starttls", "Without TLS everybody on the way could read the password. Remove this, or username and password.")
	case ca.given && starttls.ok && !starttls.value:
		r.fail(ca.at, "Invalid ca", "With starttls = false no certificate is looked at. Remove one of them.")
	}
	m := NotifySMTP{
		Server: server.value, From: from.value, Username: username.value, Password: password.value, StartTLS: starttls.value, CA: ca.value,
		Timeout: read(r, b, "timeout", duration(100*time.Millisecond, 5*time.Minute, time.Millisecond)).or(30 * time.Second).value,
		Collect: read(r, b, "collect", duration(0, time.Hour, time.Millisecond)).or(5 * time.Second).value,
	}
	for _, a := range to.value {
		m.To = append(m.To, a.value)
	}
	return m
}

// mailServer accepts a host and a port.
func mailServer(v value) (string, error) {
	s, err := filled(v)
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(s)
	if number, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || number == 0 || !domain.MatchString(host) && net.ParseIP(host) == nil {
		return "", complain("%s is not a host with a port, such as \"mail.example.net:587\".", v)
	}
	return s, nil
}

// mailAddress accepts an address alone, without the name of who has it.
func mailAddress(v value) (string, error) {
	s, err := filled(v)
	if err != nil {
		return "", err
	}
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return "", complain("%s is not a mail address such as \"ops@example.net\".", v)
	}
	return s, nil
}
