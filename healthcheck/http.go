package healthcheck

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

const (
	maxHeader = 64 << 10 // bytes up to the body, interim answers included
	maxBody   = 64 << 10 // decoded bytes of the body that are looked at
	maxCoded  = 1 << 20  // bytes of the body as it travels, chunk framing included
)

// HTTP is healthy when one HTTP/1.1 request over a fresh connection is
// answered with a wanted status and, if Expect is set, a matching body.
//
// Redirects are not followed: a 3xx is judged like any other status. The
// first 64 KiB of the body must arrive within the timeout; what comes after is
// not read.
type HTTP struct {
	Target  netip.AddrPort
	Method  string // empty: GET
	Path    string // request target with query; empty: /
	Host    string // Host header; empty: Target
	Headers map[string]string
	Body    string
	Status  []StatusRange  // empty: 200–399
	Expect  *regexp.Regexp // searched in the first 64 KiB of the body; nil: any

	dial dialFunc // nil: the system's
}

// StatusRange is a closed range of HTTP status codes.
type StatusRange struct{ From, To int }

// Check sends the request and judges the answer.
//
// It reads the answer with http.ReadResponse and not through http.Transport:
// no goroutine, one limit for everything the server may send before the body,
// and a server that talks before it is asked is an ordinary failed probe.
func (c *HTTP) Check(ctx context.Context) error {
	request, err := c.request()
	if err != nil {
		return fmt.Errorf("build request: %w", err)
	}
	open := c.dial
	if open == nil {
		open = dial
	}
	conn, err := open(ctx, "tcp", c.Target.String())
	if err != nil {
		return explain("connect", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	if err := request.Write(conn); err != nil {
		return explain("send request", err)
	}
	limited := &io.LimitedReader{R: conn, N: maxHeader}
	response, err := readFinal(bufio.NewReader(limited), request)
	if err != nil && limited.N <= 0 {
		return errors.New("response: header above 64 KiB")
	}
	if err != nil {
		return explain("response", err)
	}
	if !c.wants(response.StatusCode) {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	limited.N = maxCoded
	return c.judge(io.LimitReader(response.Body, maxBody))
}

// request builds the request anew: one that was written cannot be reused.
func (c *HTTP) request() (*http.Request, error) {
	path := c.Path
	if path == "" {
		path = "/"
	}
	request, err := http.NewRequest(c.Method, "http://"+c.Target.String()+path, strings.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "hald")
	for name, value := range c.Headers {
		request.Header.Set(name, value)
	}
	request.Host = c.Host
	request.Close = true // Connection: close
	return request, nil
}

// readFinal skips interim answers (RFC 9110, 15.2); the header limit bounds
// their number.
func readFinal(r *bufio.Reader, request *http.Request) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(r, request)
		if err != nil {
			return nil, err
		}
		interim := response.StatusCode >= 100 && response.StatusCode < 200
		if !interim || response.StatusCode == http.StatusSwitchingProtocols {
			return response, nil
		}
	}
}

// wants tells whether a status is in one of the ranges.
func (c *HTTP) wants(status int) bool {
	for _, r := range c.Status {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return len(c.Status) == 0 && status >= 200 && status <= 399
}

// judge reads the body and looks for what is expected in it.
func (c *HTTP) judge(body io.Reader) error {
	if c.Expect == nil {
		if _, err := io.Copy(io.Discard, body); err != nil {
			return explain("body", err)
		}
		return nil
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return explain("body", err)
	}
	if !c.Expect.Match(content) {
		return fmt.Errorf("body does not match %q", clip(c.Expect.String()))
	}
	return nil
}
