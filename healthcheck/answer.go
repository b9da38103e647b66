package healthcheck

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// httpProbe is an HTTP check whose answer arrives in pieces of any size. It keeps
// the header while that is incomplete, and of the body only what is looked at.
type httpProbe struct {
	check *HTTP
	tools *httpTools

	header  []byte // so far
	line    int    // where its last line begins
	interim int    // bytes of interim answers at its beginning
	left    int64  // of a body whose length is known; -1: to the end
	chunks  *chunks
	coded   int // bytes of the body as it travels
	content content
	during  string
}

// httpTools are what reads the header of one answer after the other.
type httpTools struct {
	plain  bool         // answers may be: not to a HEAD, and a weight is not in a header
	asked  http.Request // as far as the answer depends on it
	text   bytes.Reader
	reader *bufio.Reader
}

// maxKept is room for a header that is not given back between two answers.
const maxKept = 4 << 10

func newHTTPProbe(c *HTTP) *httpProbe {
	return &httpProbe{check: c, tools: &httpTools{
		plain: c.Method != http.MethodHead && c.WeightHeader == "",
		asked: http.Request{Method: cmp.Or(c.Method, http.MethodGet)}, reader: bufio.NewReaderSize(nil, 1<<10),
	}}
}

func (p *httpProbe) begin() {
	*p = httpProbe{check: p.check, tools: p.tools, header: roomOf(p.header), content: content{check: p.check}, during: "response"}
}

func (p *httpProbe) phase() string { return p.during }
func (p *httpProbe) said() Reading { return p.content.weight }

// roomOf is what can be written over without keeping much.
func roomOf(b []byte) []byte {
	if cap(b) > maxKept {
		return nil
	}
	return b[:0]
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
			p.header = roomOf(p.header) // nobody waits for more
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
	text := p.header[p.interim:]
	if p.tools.plain {
		if status, length, plain := plainHeader(text); plain {
			return p.embody(status, length)
		}
	}
	t := p.tools
	t.text.Reset(text)
	t.reader.Reset(&t.text)
	response, err := http.ReadResponse(t.reader, &t.asked)
	if err != nil {
		return true, explain("response", err)
	}
	if interim := response.StatusCode >= 100 && response.StatusCode < 200; interim && response.StatusCode != http.StatusSwitchingProtocols {
		p.interim = len(p.header)
		return false, nil
	}
	p.content.weight = p.check.weightIn(response.Header)
	switch {
	case response.Body == http.NoBody: // as to a HEAD, whatever the length it names
		response.ContentLength = 0
	case len(response.TransferEncoding) > 0:
		p.chunks = new(chunks)
	}
	return p.embody(response.StatusCode, response.ContentLength)
}

// embody goes on to a body of a length, -1 where that is not known.
func (p *httpProbe) embody(status int, length int64) (done bool, err error) {
	if !p.check.wants(status) {
		return true, fmt.Errorf("status %d", status)
	}
	p.during, p.header, p.left = "body", roomOf(p.header), length
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
