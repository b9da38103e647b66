package healthcheck

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
)

func TestPlainHeader(t *testing.T) {
	for text, want := range map[string]struct {
		status int
		length int64
		plain  bool
	}{
		"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 12\r\n\r\n":    {200, 12, true},
		"HTTP/1.0 503 Service Unavailable\nX-A: b c\n\n":                    {503, -1, true},
		"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n":                      {200, 0, true},
		"HTTP/1.1 204 No Content\r\n\r\n":                                   {},
		"HTTP/1.1 100 Continue\r\n\r\n":                                     {},
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n":             {},
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n": {},
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n":   {},
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n":                     {},
		"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n":                     {},
		"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n":                           {},
		"HTTP/1.1 200 OK\r\nX-A\r\n\r\n":                                    {},
		"HTTP/1.1 +20 OK\r\n\r\n":                                           {},
		"HTTP/2.0 200 OK\r\n\r\n":                                           {},
		"HTTP/1.1 200 OK\r\n":                                               {},
	} {
		status, length, plain := plainHeader([]byte(text))
		if plain != want.plain || plain && (status != want.status || length != want.length) {
			t.Errorf("%q: %d, %d, %v, want %+v", text, status, length, plain, want)
		}
	}
}

// FuzzPlainHeader: what is plain is the same to net/http.
func FuzzPlainHeader(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 12\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 404 Not Found\nX-A: b c\nTrailer: X\nConnection: keep-alive, close\n\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\n\r\n"))
	f.Fuzz(func(t *testing.T, header []byte) {
		status, length, plain := plainHeader(header)
		if !plain {
			return
		}
		theirs, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(header)), &http.Request{Method: http.MethodGet})
		if err != nil || theirs.StatusCode != status || theirs.ContentLength != length || len(theirs.TransferEncoding) > 0 {
			t.Errorf("%q: %d, %d; net/http %+v (%v)", header, status, length, theirs, err)
		}
	})
}
