package healthcheck

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// health answers as gRPC's health service does, in the standard library's words.
func health(w http.ResponseWriter, r *http.Request) {
	request, _ := io.ReadAll(r.Body)
	if r.URL.Path != "/grpc.health.v1.Health/Check" || r.Method != "POST" || r.ProtoMajor != 2 || r.Header.Get("Content-Type") != "application/grpc" ||
		r.Header.Get("Te") != "trailers" || len(request) < 5 || int(request[4]) != len(request)-5 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	service := ""
	if len(request) > 7 {
		service = string(request[7:])
	}
	answer := func(frame, status string) {
		w.Header().Set("Content-Type", "application/grpc+proto")
		w.Header().Set("Trailer", "Grpc-Status")
		io.WriteString(w, frame)
		w.Header().Set("Grpc-Status", status)
	}
	alone := func(status, message string) { // without a message: all in the header
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", status)
		w.Header().Set("Grpc-Message", message)
	}
	switch service {
	case "", "shop.Orders":
		answer("\x00\x00\x00\x00\x02\x08\x01", "0")
	case "more":
		answer("\x00\x00\x00\x00\x0c\x12\x02hi\x08\x01\x1d....\x20", "0")
	case "fields":
		answer("\x00\x00\x00\x00\x10\x12\x02hi\x08\x01\x1d....\x20\x96\x01\x2a\x00", "0")
	case "down":
		answer("\x00\x00\x00\x00\x02\x08\x02", "0")
	case "odd":
		answer("\x00\x00\x00\x00\x00", "0")
	case "short":
		answer("\x00\x00\x00\x00\x09\x08\x01", "0")
	case "huge":
		answer("\x00\x7f\x00\x00\x00"+string(make([]byte, 1<<20)), "0")
	case "late":
		answer("\x00\x00\x00\x00\x02\x08\x01", "13")
	case "none":
		w.Header().Set("Content-Type", "application/grpc")
	case "page":
		io.WriteString(w, "<html>")
	case "gone":
		w.WriteHeader(http.StatusNotFound)
	case "old":
		alone("12", "unknown service grpc.health.v1.Health")
	case "busy":
		alone("14", "try%20later%0a")
	case "deadline":
		alone("4", r.Header.Get("Grpc-Timeout"))
	default:
		alone("5", "unknown service")
	}
}

var healthAnswers = map[string]string{
	"":            "",
	"shop.Orders": "",
	"fields":      "",
	"more":        "response: malformed health message",
	"down":        "the service is NOT_SERVING",
	"odd":         "the service is of unknown health (0)",
	"short":       "response: malformed gRPC message",
	"huge":        "response: above 4 KiB, too long for an answer about health",
	"late":        `gRPC status 13: ""`,
	"none":        "response: without a gRPC status",
	"page":        `not a gRPC server: it answers with "text/html; charset=utf-8"`,
	"gone":        "status 404, not of gRPC",
	"old":         "the server has no gRPC health service (gRPC status 12)",
	"busy":        `gRPC status 14: "try later\n"`,
	"stranger":    "the server knows no such service (gRPC status 5)",
}

// healthServer answers without TLS.
func healthServer(t *testing.T) netip.AddrPort {
	server := httptest.NewUnstartedServer(http.HandlerFunc(health))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return netip.MustParseAddrPort(server.Listener.Addr().String())
}

func TestGRPC(t *testing.T) {
	plain := healthServer(t)
	target, secure, _ := secureServer(t, health)
	secure.ServerName = "127.0.0.1"
	for service, want := range healthAnswers {
		t.Run(service, func(t *testing.T) {
			verify(t, (&GRPC{Target: plain, Service: service}).Check(t.Context()), want)
			verify(t, (&GRPC{Target: target, Service: service, Secure: secure}).Check(t.Context()), want)
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	err := (&GRPC{Target: target, Service: "deadline", Secure: secure}).Check(ctx)
	if err == nil || err.Error() < `gRPC status 4: "3599000m"` || err.Error() > `gRPC status 4: "3600000m"` {
		t.Errorf("the server is told of a deadline: %v", err)
	}
}

func TestGRPCAtOtherServers(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(health))
	defer web.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := (&GRPC{Target: netip.MustParseAddrPort(web.Listener.Addr().String())}).Check(ctx)
	if err == nil || ctx.Err() != nil {
		t.Errorf("a server of HTTP/1.1: %v", err)
	}
	verify(t, (&GRPC{Target: unused(t)}).Check(t.Context()), "connect: connection refused")
}

// FuzzHealthMessage: whatever a message is made of, it is judged.
func FuzzHealthMessage(f *testing.F) {
	f.Add([]byte("\x08\x01"))
	f.Add([]byte("\x12\x02hi\x08\x01\x1d....\x20\x96\x01\x2a\x00"))
	f.Add([]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, message []byte) {
		if value, ok := number(message, 1); !ok && value != 0 {
			t.Errorf("malformed, and yet %d", value)
		}
	})
}
