package healthcheck

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// hearIn gives an answer to a probe in pieces of n bytes, and then the end.
func hearIn(t *testing.T, check *HTTP, answer []byte, n int) error {
	t.Helper()
	p := newHTTPProbe(check)
	p.begin()
	for len(answer) > 0 {
		piece := answer[:min(n, len(answer))]
		answer = answer[len(piece):]
		if done, err := p.hear(piece, false); done {
			return err
		}
	}
	done, err := p.hear(nil, true)
	if !done {
		t.Error("an answer that has ended leaves the probe waiting")
	}
	return err
}

func TestAnswerInPieces(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, tt := range map[string]struct{ answer, want string }{
		"length":             {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""},
		"length, cut":        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "body: connection closed"},
		"to the end":         {"HTTP/1.0 200 OK\n\nwell ok", ""},
		"chunks":             {chunked + "1\r\no\r\n1;x=y\r\nk\r\n0\r\nTrailer: x\r\n\r\n", ""},
		"chunks, cut":        {chunked + "1\r\no\r\n2\r\nk", "body: connection closed"},
		"chunks, no number":  {chunked + "zz\r\nok\r\n0\r\n\r\n", "body: malformed chunked encoding"},
		"chunks, huge":       {chunked + "11111111111111111\r\nok", "body: malformed chunked encoding"},
		"chunks, overlong":   {chunked + "1\r\nok\r\n0\r\n\r\n", "body: malformed chunked encoding"},
		"interim":            {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""},
		"interim alone":      {"HTTP/1.1 100 Continue\r\n\r\n", "response: connection closed"},
		"nothing":            {"", "response: connection closed"},
		"no body":            {"HTTP/1.1 204 No Content\r\n\r\n", `body does not match "ok"`},
		"another protocol":   {"SSH-2.0-x\r\n", `response: malformed HTTP response "SSH-2.0-x"`},
		"unwanted":           {"HTTP/1.1 404 Not Found\r\n\r\n", "status 404"},
		"64 KiB, then more":  {"HTTP/1.0 200 OK\r\n\r\n" + strings.Repeat(".", maxBody) + "ok", `body does not match "ok"`},
		"64 KiB of a header": {"HTTP/1.0 200 OK\r\nX: " + strings.Repeat(".", maxHeader), "response: header above 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 2, 7, 1 << 20} {
				verify(t, hearIn(t, &HTTP{Target: netip.MustParseAddrPort("192.0.2.1:80"), Expect: regexp.MustCompile("ok")}, []byte(tt.answer), n), tt.want)
			}
		})
	}
}

// FuzzResponse: however an answer is cut up the judgement is the same, its reason
// is short, and unless chunks are involved it is that of net/http.
func FuzzResponse(f *testing.F) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.0 200\r\n\r\n", "SSH-2.0-x\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\n folded\n\nok",
	} {
		f.Add([]byte(answer), byte(3))
	}
	f.Fuzz(func(t *testing.T, answer []byte, n byte) {
		check := &HTTP{Target: netip.MustParseAddrPort("192.0.2.1:80"), Expect: regexp.MustCompile("ok")}
		whole := hearIn(t, check, answer, len(answer)+1)
		if whole != nil && len(whole.Error()) > 500 {
			t.Errorf("reason of %d bytes", len(whole.Error()))
		}
		if pieces := hearIn(t, check, answer, int(n)+1); fmt.Sprint(whole) != fmt.Sprint(pieces) {
			t.Errorf("%v; in pieces of %d bytes %v", whole, int(n)+1, pieces)
		}
		if bytes.Contains(bytes.ToLower(answer), []byte("chunked")) {
			return
		}
		check.dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				readRequest(server)
				server.Write(answer)
				server.Close()
			}()
			return client, nil
		}
		if theirs := check.Check(t.Context()); (theirs == nil) != (whole == nil) {
			t.Errorf("%v; net/http %v", whole, theirs)
		}
	})
}
