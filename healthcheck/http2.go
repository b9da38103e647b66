package healthcheck

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
)

// answer2 speaks HTTP/2 for one request over a connection: after a handshake, or at
// once without TLS (RFC 9113, 3.3). The connection's owner ends it.
func answer2(ctx context.Context, conn net.Conn, request *http.Request) (*http.Response, *io.LimitedReader, error) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	if secured, ok := conn.(*tls.Conn); ok {
		protocols = http.Protocols{}
		protocols.SetHTTP2(true)
		if secured.ConnectionState().NegotiatedProtocol != "h2" {
			return nil, nil, errors.New("tls handshake: the server does not offer HTTP/2")
		}
	}
	var taken atomic.Bool
	once := func(context.Context, string, string) (net.Conn, error) {
		if taken.Swap(true) {
			return nil, io.ErrUnexpectedEOF // it wants to ask again: the first connection has ended
		}
		return conn, nil
	}
	transport := &http.Transport{DialContext: once, DialTLSContext: once, Protocols: &protocols,
		DisableCompression: true, MaxResponseHeaderBytes: maxHeader}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request.WithContext(ctx))
	switch {
	case err != nil && strings.Contains(err.Error(), "header list larger"):
		return nil, nil, errors.New("response: header above 64 KiB")
	case err != nil:
		return nil, nil, explain("response", err)
	}
	limited := &io.LimitedReader{R: response.Body, N: maxHeader}
	response.Body = struct {
		io.Reader
		io.Closer
	}{limited, response.Body}
	return response, limited, nil
}
