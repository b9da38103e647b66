package healthcheck

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

const (
	maxHeader = 64 << 10           // bytes up to the body, interim answers included
	maxBody   = 64 << 10           // decoded bytes of the body that are looked at
	maxWhole  = 1 << 20            // decoded bytes of a body of which there is a sum
	maxCoded  = maxWhole + maxBody // bytes of the body as it travels, chunk framing included
)

// HTTP is healthy when a request over a fresh connection is answered with a
// wanted status and, if Expect or SHA256 is set, such a body.
//
// Redirects are not followed but with Follow, and then on the same server only: a
// 3xx is judged like any other status. The first 64 KiB of the body must arrive
// within the timeout, with SHA256 all of it; what comes after is not read.
type HTTP struct {
	Target  netip.AddrPort
	Method  string // empty: GET
	Path    string // request target with query; empty: /
	Host    string // Host header; empty: Target
	Headers map[string]string
	Body    string
	Status  []StatusRange  // empty: 200–399
	Expect  *regexp.Regexp // searched in the first 64 KiB of the body; nil: any
	SHA256  []byte         // of the whole body, 1 MiB at most; nil: any
	Follow  bool           // redirects, 10 at most
	Secure  *Secure        // nil: without TLS
	HTTP2   bool           // instead of HTTP/1.1, with Secure

	// At most one of these has an answer that passes say a weight, 0 to 65535.
	WeightHeader string // by the header of this name; empty: by none
	WeightBody   bool   // by its body, which is the number and white space

	Way  Way
	dial dialFunc // nil: the system's
}

// StatusRange is a closed range of HTTP status codes.
type StatusRange struct{ From, To int }

// Check sends the request and judges the answer.
func (c *HTTP) Check(ctx context.Context) error {
	_, err := c.Measure(ctx)
	return err
}

// Measure is Check with the weight that the answer says.
func (c *HTTP) Measure(ctx context.Context) (Reading, error) {
	request, err := c.request()
	if err != nil {
		return Reading{}, fmt.Errorf("build request: %w", err)
	}
	for way := (trail{step(request)}); ; {
		next, weight, err := c.ask(ctx, request)
		if err != nil || next == nil {
			return weight, err
		}
		if err := way.add(next); err != nil {
			return Reading{}, err
		}
		request = next
	}
}

// ask makes one request over a connection of its own and judges the answer, or
// returns the request that it is redirected to.
func (c *HTTP) ask(ctx context.Context, request *http.Request) (next *http.Request, weight Reading, err error) {
	conn, hangUp, err := c.Way.through(c.dial).connect(ctx, c.Target)
	if err != nil {
		return nil, Reading{}, err
	}
	defer hangUp()
	response, body, err := c.answer(ctx, conn, request)
	if err != nil {
		return nil, Reading{}, err
	}
	if c.Follow {
		if next, err := c.redirected(request, response); next != nil || err != nil {
			return next, Reading{}, err
		}
	}
	if !c.wants(response.StatusCode) {
		return nil, Reading{}, fmt.Errorf("status %d", response.StatusCode)
	}
	body.N = maxCoded
	content := content{check: c, weight: c.weightIn(response.Header)}
	err = content.read(response.Body)
	return nil, content.weight, err
}

// answer sends a request and reads the answer up to its body; how much of that may
// be read is said by the reader.
func (c *HTTP) answer(ctx context.Context, conn net.Conn, request *http.Request) (*http.Response, *io.LimitedReader, error) {
	if c.Secure != nil {
		protocol := "http/1.1"
		if c.HTTP2 {
			protocol = "h2"
		}
		met, err := c.Secure.handshake(ctx, conn, c.Target, protocol)
		if err != nil {
			return nil, nil, err
		}
		var response *http.Response
		var body *io.LimitedReader
		if c.HTTP2 {
			response, body, err = answer2(ctx, met.Conn, request)
		} else {
			response, body, err = answer1(met, request)
		}
		return response, body, met.blame(c.Secure, err)
	}
	return answer1(conn, request)
}

// answer1 speaks HTTP/1.1. It reads the answer with http.ReadResponse and not
// through http.Transport: no goroutine, one limit for everything the server may
// send before the body, and a server that talks before it is asked is an ordinary
// failed probe.
func answer1(conn net.Conn, request *http.Request) (*http.Response, *io.LimitedReader, error) {
	if err := request.Write(conn); err != nil {
		return nil, nil, explain("send request", err)
	}
	limited := &io.LimitedReader{R: conn, N: maxHeader}
	response, err := readFinal(bufio.NewReader(limited), request)
	if err != nil && limited.N <= 0 {
		return nil, nil, errors.New("response: header above 64 KiB")
	}
	if err != nil {
		return nil, nil, explain("response", err)
	}
	return response, limited, nil
}

// request is the first request.
func (c *HTTP) request() (*http.Request, error) {
	path := c.Path
	if path == "" {
		path = "/"
	}
	return c.requestFor(c.Method, path, c.Body)
}

// requestFor builds a request anew: one that was written cannot be reused.
func (c *HTTP) requestFor(method, path, body string) (*http.Request, error) {
	scheme := "http://"
	if c.Secure != nil {
		scheme = "https://"
	}
	request, err := http.NewRequest(method, scheme+c.Target.String()+path, strings.NewReader(body))
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
