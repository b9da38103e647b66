package healthcheck

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const nginxConfiguration = `
daemon off;
pid DIR/pid;
error_log DIR/error.log;
events {}
http {
	access_log off;
	client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
	ssl_certificate DIR/good.pem;
	ssl_certificate_key DIR/good.key;
	server { # by name, and another certificate without one
		listen PORT1 ssl http2 default_server;
		ssl_certificate DIR/expired.pem;
		ssl_certificate_key DIR/expired.key;
	}
	server {
		listen PORT1 ssl http2;
		server_name www.example.net;
		location = /healthz { return 200 "all well"; }
		location = /old { return 301 https://$host/healthz; }
		location = /away { return 302 https://www.example.org/; }
		location = /proto { return 200 "$server_protocol $http_x_probe"; }
	}
	server {
		listen PORT2 ssl http2;
		ssl_client_certificate DIR/ca.pem;
		ssl_verify_client on;
		location / { return 200 "welcome"; }
	}
	server {
		listen PORT3 http2;
		location / { grpc_pass grpc://PORT4; }
	}
}
`

// TestNginx: the checks of the web against Debian's nginx.
func TestNginx(t *testing.T) {
	signer := newAuthority(t, "hald test")
	signer.issue(t, "good", "www.example.net", -day, 30*day)
	certificate, key := signer.issue(t, "client", "hald", -day, day)
	ports := [4]netip.AddrPort{unused(t), unused(t), unused(t), healthServer(t)}
	signer.issue(t, "expired", ports[0].Addr().String(), -30*day, -3*day-time.Hour)
	startNginx(t, signer.folder, ports)

	named := Secure{CA: signer.path, ServerName: "www.example.net"}
	site := func(path string, two bool, change func(*HTTP)) *HTTP {
		secure := named
		c := &HTTP{Target: ports[0], Host: "www.example.net", Path: path, HTTP2: two, Secure: &secure}
		if change != nil {
			change(c)
		}
		return c
	}
	sum := sha256.Sum256([]byte("all well"))
	welcomed := Secure{CA: signer.path, ServerName: "www.example.net", Certificate: certificate, Key: key}
	unknown := Secure{CA: signer.path, ServerName: "www.example.net"}
	for _, tt := range []struct {
		name  string
		check Checker
		want  string
	}{
		{"tls", &TLS{Target: ports[0], Secure: named}, ""},
		{"tls, expired", &TLS{Target: ports[0], Secure: Secure{CA: signer.path}}, "certificate expired 3 days ago, on DATE"},
		{"tls, ends soon", &TLS{Target: ports[0], Secure: Secure{CA: signer.path, ServerName: "www.example.net", ExpiresIn: 31 * day}}, "certificate expires in 29 days, on DATE"},
		{"tls, the system's authorities", &TLS{Target: ports[0], Secure: Secure{ServerName: "www.example.net"}}, `certificate is signed by "CN=hald test", who is not trusted`},
		{"tls, believes anyone", &TLS{Target: ports[0], Secure: Secure{Insecure: true}}, ""},
		{"tls, a server without", &TLS{Target: ports[2]}, "tls handshake: the server does not speak TLS"},
		{"https", site("/healthz", false, func(c *HTTP) { c.Expect, c.SHA256 = regexp.MustCompile("^all well$"), sum[:] }), ""},
		{"https, another body", site("/proto", false, func(c *HTTP) { c.Expect = regexp.MustCompile("^all well$") }), `body does not match "^all well$"`},
		{"https, not found", site("/nothing", false, nil), "status 404"},
		{"https, HTTP/1.1", site("/proto", false, func(c *HTTP) {
			c.Headers, c.Expect = map[string]string{"X-Probe": "x"}, regexp.MustCompile(`^HTTP/1\.1 x$`)
		}), ""},
		{"https, HTTP/2", site("/proto", true, func(c *HTTP) {
			c.Headers, c.Expect = map[string]string{"X-Probe": "x"}, regexp.MustCompile(`^HTTP/2\.0 x$`)
		}), ""},
		{"https, a redirect", site("/old", true, func(c *HTTP) { c.Follow, c.SHA256 = true, sum[:] }), ""},
		{"https, a redirect to another port", site("/old", true, func(c *HTTP) { c.Follow, c.Host = true, "www.example.net:8443" }),
			`redirected away from the server, to "https://www.example.net/healthz"`},
		{"https, led away", site("/away", false, func(c *HTTP) { c.Follow = true }), `redirected away from the server, to "https://www.example.org/"`},
		{"https, the wrong server", site("/healthz", false, func(c *HTTP) { c.Secure.ServerName = "api.example.net" }), "certificate expired 3 days ago, on DATE"},
		{"https, client certificate", &HTTP{Target: ports[1], Secure: &welcomed, Expect: regexp.MustCompile("welcome")}, ""},
		{"https, none", &HTTP{Target: ports[1], Secure: &unknown}, "status 400"},
		{"tls, client certificate", &TLS{Target: ports[1], Secure: welcomed}, ""},
		{"grpc through nginx", &GRPC{Target: ports[2], Service: "shop.Orders"}, ""},
		{"grpc through nginx, down", &GRPC{Target: ports[2], Service: "down"}, "the service is NOT_SERVING"},
		{"grpc, another server", &GRPC{Target: ports[0], Secure: &named}, "status 404, not of gRPC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := tt.check.Check(ctx)
			if err != nil {
				err = fmt.Errorf("%s", regexp.MustCompile(`on \d{4}-\d\d-\d\d \d\d:\d\d UTC`).ReplaceAllString(err.Error(), "on DATE"))
			}
			verify(t, err, tt.want)
		})
	}
}

// startNginx runs nginx until the test has ended.
func startNginx(t *testing.T, folder string, ports [4]netip.AddrPort) {
	t.Helper()
	text := strings.ReplaceAll(nginxConfiguration, "DIR", folder)
	for i, p := range ports {
		text = strings.ReplaceAll(text, fmt.Sprint("PORT", i+1), p.String())
	}
	path := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	said := new(strings.Builder)
	server := exec.Command(program, "-c", path, "-p", folder, "-g", "user root;")
	server.Stderr, server.SysProcAttr = said, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		t.Fatalf("start nginx (integration/deps.sh installs it): %v", err)
	}
	ended := make(chan struct{})
	go func() { server.Wait(); close(ended) }()
	t.Cleanup(func() { server.Process.Signal(syscall.SIGTERM); <-ended })
	for {
		conn, err := net.Dial("tcp", ports[0].String())
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("nginx ended: %s", said)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
