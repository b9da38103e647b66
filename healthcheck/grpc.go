package healthcheck

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// GRPC is healthy when a server says by gRPC's health protocol (grpc.health.v1, method
// Check) that a service is serving.
type GRPC struct {
	Target  netip.AddrPort
	Service string  // empty: the server as a whole
	Secure  *Secure // nil: without TLS

	Way  Way
	dial dialFunc // nil: the system's
}

// maxMessage is more than a health answer needs, in bytes.
const maxMessage = 4 << 10

// Check asks once, over HTTP/2 on a fresh connection.
func (c *GRPC) Check(ctx context.Context) error {
	conn, hangUp, err := c.Way.through(c.dial).connect(ctx, c.Target)
	if err != nil {
		return err
	}
	defer hangUp()
	request, err := c.request(ctx)
	if err != nil {
		return fmt.Errorf("build request: %w", err)
	}
	met, over := new(greeting), net.Conn(conn)
	if c.Secure != nil {
		if met, err = c.Secure.handshake(ctx, conn, c.Target, "h2"); err != nil {
			return err
		}
		over = met.Conn
	}
	response, body, err := answer2(ctx, over, request)
	if err != nil {
		return met.blame(c.Secure, err)
	}
	body.N = maxMessage
	message, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return explain("response", err)
	case body.N <= 0:
		return errors.New("response: above 4 KiB, too long for an answer about health")
	}
	return judgeHealth(response, message)
}

// request is the request of gRPC over HTTP/2: one message, with its length before it.
func (c *GRPC) request(ctx context.Context) (*http.Request, error) {
	message := appendText(nil, 1, c.Service)
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	where := url.URL{Scheme: "http", Host: c.Target.String(), Path: "/grpc.health.v1.Health/Check"}
	if c.Secure != nil {
		where.Scheme = "https"
	}
	request, err := http.NewRequest(http.MethodPost, where.String(), strings.NewReader(string(append(frame, message...))))
	if err != nil {
		return nil, err
	}
	if c.Secure != nil {
		request.Host = c.Secure.ServerName
	}
	for name, value := range map[string]string{"Content-Type": "application/grpc", "Te": "trailers", "User-Agent": "hald"} {
		request.Header.Set(name, value)
	}
	if deadline, ok := ctx.Deadline(); ok {
		request.Header.Set("Grpc-Timeout", strconv.FormatInt(max(1, time.Until(deadline).Milliseconds()), 10)+"m")
	}
	return request, nil
}

// judgeHealth judges a whole answer. A failed call has its status in the header, if there
// is no message, else in the trailer.
func judgeHealth(response *http.Response, frame []byte) error {
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d, not of gRPC", response.StatusCode)
	}
	if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/grpc") {
		return fmt.Errorf("not a gRPC server: it answers with %q", clip(kind))
	}
	code, text := response.Trailer.Get("Grpc-Status"), response.Trailer.Get("Grpc-Message")
	if code == "" {
		code, text = response.Header.Get("Grpc-Status"), response.Header.Get("Grpc-Message")
	}
	switch code {
	case "0":
	case "":
		return errors.New("response: without a gRPC status")
	case "5":
		return errors.New("the server knows no such service (gRPC status 5)")
	case "12":
		return errors.New("the server has no gRPC health service (gRPC status 12)")
	default:
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
		return fmt.Errorf("gRPC status %s: %q", clip(code), clip(text))
	}
	if len(frame) < 5 || frame[0] != 0 || int(binary.BigEndian.Uint32(frame[1:])) != len(frame)-5 {
		return errors.New("response: malformed gRPC message")
	}
	state, ok := number(frame[5:], 1)
	switch {
	case !ok:
		return errors.New("response: malformed health message")
	case state == 1:
		return nil
	case state == 2:
		return errors.New("the service is NOT_SERVING")
	case state == 3:
		return errors.New("the server knows no such service")
	}
	return fmt.Errorf("the service is of unknown health (%d)", state)
}

// appendText appends a text field of a protocol buffer; an empty one is left out.
func appendText(b []byte, field int, text string) []byte {
	if text == "" {
		return b
	}
	b = binary.AppendUvarint(b, uint64(field)<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// number is a numeric field of a protocol buffer, 0 where it is not there. It skips
// the fields that it does not know.
func number(b []byte, field uint64) (value uint64, ok bool) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, false
		}
		b = b[n:]
		var size uint64
		switch tag & 7 {
		case 0:
			v, n := binary.Uvarint(b)
			if n <= 0 {
				return 0, false
			}
			if tag>>3 == field {
				value = v
			}
			size = uint64(n)
		case 1:
			size = 8
		case 2:
			v, n := binary.Uvarint(b)
			if n <= 0 {
				return 0, false
			}
			b, size = b[n:], v
		case 5:
			size = 4
		default:
			return 0, false
		}
		if size > uint64(len(b)) {
			return 0, false
		}
		b = b[size:]
	}
	return value, true
}
