package balancer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"

	"github.com/hald-project/hald/healthcheck"
)

// describe is how errors name a check.
func (c Check) describe() string {
	switch c.Kind {
	case "ping":
		return fmt.Sprintf("check ping of %s", c.Target.Addr())
	case "tcp", "http", "https", "tls", "grpc", "dns", "smtp", "udp", "exec":
		return fmt.Sprintf("check %s of %s", c.Kind, c.Target)
	}
	return "check " + c.Kind
}

// newChecker is the probe a check describes.
func newChecker(c Check) (healthcheck.Checker, error) {
	if c.TLS == nil && (c.Kind == "https" || c.Kind == "tls") {
		return nil, errors.New("it does not say how to speak TLS")
	}
	way := healthcheck.Way{Source: c.Source, Mark: c.Mark}
	switch c.Kind {
	case "tcp":
		expect, err := expression(c.Expect)
		return &healthcheck.TCP{Target: c.Target, Way: way, Send: c.Send, Expect: expect}, err
	case "udp":
		expect, err := expression(c.Expect)
		return &healthcheck.UDP{Target: c.Target, Way: way, Send: c.Send, Expect: expect}, err
	case "dns":
		return newDNS(c, way)
	case "smtp":
		return &healthcheck.SMTP{Target: c.Target, Way: way, Helo: c.Helo, StartTLS: c.StartTLS}, nil
	case "ping":
		return &healthcheck.Ping{Target: c.Target.Addr(), Way: way, Size: c.Size}, nil
	case "http", "https":
		return newHTTP(c, way)
	case "tls":
		return &healthcheck.TLS{Target: c.Target, Way: way, Secure: *newSecure(c.TLS)}, nil
	case "grpc":
		return &healthcheck.GRPC{Target: c.Target, Way: way, Service: c.Service, Secure: newSecure(c.TLS)}, nil
	case "exec":
		return &healthcheck.Exec{Command: c.Command, User: c.User, Target: c.Target, Weighs: c.Weighs}, nil
	case "script":
		return &healthcheck.Exec{Command: c.Command, User: c.User}, nil
	case "process":
		return &healthcheck.Process{Name: c.Process}, nil
	case "file":
		if c.Zero {
			return &healthcheck.File{Path: c.File}, nil
		}
		return &healthcheck.Number{Path: c.File, Min: -maxOffset, Max: maxOffset}, nil
	}
	return nil, fmt.Errorf("unknown kind %q", c.Kind)
}

func newHTTP(c Check, way healthcheck.Way) (healthcheck.Checker, error) {
	probe := &healthcheck.HTTP{Target: c.Target, Way: way, Method: c.Method, Path: c.Path, Host: c.Host, Headers: c.Headers, Body: c.Body,
		Follow: c.Follow, HTTP2: c.HTTP2, Secure: newSecure(c.TLS), WeightHeader: c.WeightHeader, WeightBody: c.WeightBody}
	sum, err := hex.DecodeString(c.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sha256: %w", err)
	}
	if len(sum) > 0 {
		probe.SHA256 = sum
	}
	for _, r := range c.Status {
		probe.Status = append(probe.Status, healthcheck.StatusRange{From: r[0], To: r[1]})
	}
	if probe.Expect, err = expression(c.Expect); err != nil {
		return nil, err
	}
	return probe, nil
}

func newDNS(c Check, way healthcheck.Way) (healthcheck.Checker, error) {
	if c.DNS == nil {
		return nil, errors.New("it does not say what to ask")
	}
	kind, known := healthcheck.RecordTypes[c.DNS.Type]
	code, answers := healthcheck.RCodes[c.DNS.RCode]
	if !known || !answers {
		return nil, fmt.Errorf("unknown type %q or rcode %q", c.DNS.Type, c.DNS.RCode)
	}
	return &healthcheck.DNS{Target: c.Target, Way: way, Name: c.DNS.Name, Type: kind, RCode: code, Expect: c.Expect, TCP: c.DNS.TCP}, nil
}

// expression is a regular expression; nil for the empty one.
func expression(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	e, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("expect: %w", err)
	}
	return e, nil
}

func newSecure(t *TLS) *healthcheck.Secure {
	if t == nil {
		return nil
	}
	return &healthcheck.Secure{Insecure: t.Insecure, CA: t.CA, Certificate: t.Certificate, Key: t.Key, ServerName: t.ServerName, ExpiresIn: t.ExpiresIn}
}
