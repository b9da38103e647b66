package healthcheck

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
)

// httpProbe is an HTTP check whose answer arrives in pieces of any size. It keeps
// the header while that is incomplete, and of the body only what Expect looks at.
type httpProbe struct {
	check   *HTTP
	request []byte // as it travels, the same every time
	method  string

	header  []byte // so far; nil when the body has begun
	line    int    // where its last line begins
	interim int    // bytes of interim answers at its beginning
	left    int64  // of a body whose length is known; -1: to the end
	chunks  *chunks
	coded   int // bytes of the body as it travels
	content content
	during  string
}

func newHTTPProbe(c *HTTP) (*httpProbe, error) {
	request, err := c.request()
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	var wire bytes.Buffer
	if err := request.Write(&wire); err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	return &httpProbe{check: c, request: wire.Bytes(), method: request.Method}, nil
}

func (p *httpProbe) target() netip.AddrPort { return p.check.Target }
func (p *httpProbe) way() Way               { return p.check.Way }
func (p *httpProbe) phase() string          { return p.during }
func (p *httpProbe) opened()                { p.during = "response" }
func (p *httpProbe) said() Reading          { return p.content.weight }

func (p *httpProbe) begin() []byte {
	*p = httpProbe{check: p.check, request: p.request, method: p.method, content: content{check: p.check}, during: "connect"}
	return p.request
}

func (p *httpProbe) hear(b []byte, end bool) (done bool, err error) {
	for p.during == "response" {
		rest, whole := p.headerFrom(b)
		switch {
		case !whole && len(p.header) >= maxHeader:
			return true, errors.New("response: header above 64 KiB")
		case !whole && !end:
			return false, nil
		}
		if done, err := p.begun(); done {
			p.header = nil // nobody waits for more
			return true, err
		}
		b = rest
	}
	done, err = p.bodyFrom(b)
	switch {
	case err != nil:
		return true, fmt.Errorf("body: %w", err)
	case done, end && p.left < 0 && p.chunks == nil:
		return true, p.content.judge()
	case end:
		return true, explain("body", io.ErrUnexpectedEOF)
	case p.coded > maxCoded:
		return true, errors.New("body: chunked encoding contains too much non-data")
	}
	return false, nil
}

// headerFrom adds to the header up to its empty line.
func (p *httpProbe) headerFrom(b []byte) (rest []byte, whole bool) {
	for len(b) > 0 && len(p.header) < maxHeader {
		n := bytes.IndexByte(b, '\n') + 1
		ended := n > 0
		if !ended {
			n = len(b)
		}
		n = min(n, maxHeader-len(p.header))
		p.header, b = append(p.header, b[:n]...), b[n:]
		if !ended || p.header[len(p.header)-1] != '\n' {
			continue
		}
		line := p.header[p.line:]
		empty := len(line) == 1 || len(line) == 2 && line[0] == '\r'
		if p.line == p.interim && !bytes.HasPrefix(line, []byte("HTTP/")) {
			empty = true // another protocol: nothing to wait for
		}
		p.line = len(p.header)
		if empty {
			return b, true
		}
	}
	return nil, false
}

// begun judges a header and prepares for the body. An interim answer (RFC 9110,
// 15.2) is forgotten; all of them count towards the limit.
func (p *httpProbe) begun() (done bool, err error) {
	response, err := http.ReadResponse(bufio.NewReaderSize(bytes.NewReader(p.header[p.interim:]), 1<<10), &http.Request{Method: p.method})
	if err != nil {
		return true, explain("response", err)
	}
	if interim := response.StatusCode >= 100 && response.StatusCode < 200; interim && response.StatusCode != http.StatusSwitchingProtocols {
		p.interim = len(p.header)
		return false, nil
	}
	if !p.check.wants(response.StatusCode) {
		return true, fmt.Errorf("status %d", response.StatusCode)
	}
	p.during, p.header, p.left = "body", nil, response.ContentLength
	p.content.weight = p.check.weightIn(response.Header)
	switch {
	case response.Body == http.NoBody: // as to a HEAD, whatever the length it names
		p.left = 0
	case len(response.TransferEncoding) > 0:
		p.chunks = new(chunks)
	}
	return false, nil
}

// bodyFrom decodes what arrived of the body. It is done where the body or the
// part of it that matters ends.
func (p *httpProbe) bodyFrom(b []byte) (done bool, err error) {
	p.coded += len(b)
	switch {
	case p.chunks != nil:
		done, err = p.chunks.decode(b, p.content.keep)
	case p.left >= 0:
		b = b[:min(int64(len(b)), p.left)]
		p.left -= int64(len(b))
		p.content.keep(b)
		done = p.left == 0
	default:
		p.content.keep(b)
	}
	return done || p.content.enough(), err
}
