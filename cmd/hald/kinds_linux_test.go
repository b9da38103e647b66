package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

type kindOfCheck struct{ name, kind, port, attributes, broken string }

// kinds are the checks of the test: who answers is at 10.99.0.11, for the file and the
// command nobody. A check is down with the error when what it looks at has been broken.
var kinds = []kindOfCheck{
	{"cache", "tcp", "11211", `
		send   = "version\r\n"
		expect = "^VERSION 1\\."
		source = "10.99.0.12"`, "answer: timeout"},
	{"datagrams", "udp", "11212", `
		send   = "\u0000\u0001\u0000\u0000\u0000\u0001\u0000\u0000version\r\n"
		expect = "VERSION 1\\."`, "port unreachable: nobody listens there"},
	{"web", "http", "8080", `
		path          = "/healthz"
		expect        = "^all well$"
		weight_header = "X-Load-Weight"`, "status 503"},
	{"load", "http", "8083", `
		url         = "http://10.99.0.11:8080/load"
		weight_body = true`, "status 404"},
	{"page", "http", "8081", `
		url    = "http://10.99.0.11:8080/page"
		sha256 = "SUM"`, "the sha256 of the body is [0-9a-f]{64}"},
	{"redirect", "http", "8082", `
		url              = "http://10.99.0.11:8080/old"
		follow_redirects = true`, `redirected in a circle, to "/old"`},
	{"secure", "https", "8443", `
		path        = "/healthz"
		server_name = "www.example.net"
		ca          = "FOLDER/good.pem"
		http2       = true
		mark        = 7
		weight_header = "x-load-weight"`, "status 503"},
	{"handshake", "tls", "8444", `
		server_name = "www.example.net"
		ca          = "FOLDER/both.pem"`, `certificate of the authority "CN=expired" expired 25 hours ago, on .*`},
	{"zone", "dns", "5353", `
		name   = "www.example.net"
		type   = "A"
		expect = "192.0.2.21"`, `answer: \["192.0.2.22"\], not "192.0.2.21"`},
	{"mail", "smtp", "2525", `starttls = true`, "connect: connection refused"},
	{"calls", "grpc", "50051", `service = "shop.Orders"`, "connect: connection refused"},
	{"echo", "ping", "1", `address = "10.99.0.13"`, "no reply: timeout"},
	{"switch", "file", "2", `path = "FOLDER/switch"`, "the file says 1"},
	{"command", "exec", "3", `
		command        = ["/bin/sh", "-c", "echo \"$(id -un) at $HALD_ADDRESS:$HALD_PORT\"; exit $(cat FOLDER/weight)"]
		user           = "nobody"
		dynamic_weight = true`, "exit status 1: nobody at 10.99.0.11:3"},
}

// weighed are those that say a weight.
var weighed = map[string]int{"web": 40, "load": 30, "secure": 40, "command": 50}

const kindsNginx = `
daemon off;
user root;
pid FOLDER/pid;
error_log FOLDER/error.log;
events {}
http {
	access_log off;
	client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
	server {
		listen 10.99.0.11:8080;
		listen 10.99.0.11:8443 ssl http2;
		ssl_certificate FOLDER/good.pem;
		ssl_certificate_key FOLDER/good.key;
		location = /healthz { add_header X-Load-Weight 40; STATE }
		location = /page { root FOLDER; }
		location = /load { root FOLDER; }
		location = /old { LED }
		location = /new { return 200; }
	}
	server {
		listen 10.99.0.11:8444 ssl;
		ssl_certificate FOLDER/CERTIFICATE.pem;
		ssl_certificate_key FOLDER/CERTIFICATE.key;
	}
}
`

// TestEveryKindOfCheck: the daemon finds servers of Debian's well by every kind of
// check; then each is broken, and what the check says of it is in status and log. The
// trackers of the instance say the same, and when it is mended that it is well.
func TestEveryKindOfCheck(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	c := newCounterparts(s)
	s.ip("link", "set", "lo", "up")
	for _, address := range []string{"10.99.0.12/32", "10.99.0.13/32"} {
		s.ip("addr", "add", address, "dev", "lo")
	}
	issue(t, c, "good", time.Now().Add(240*time.Hour))
	issue(t, c, "expired", time.Now().Add(-25*time.Hour))
	nginx := func(state, led, certificate string) {
		text := strings.NewReplacer("FOLDER", c.folder, "STATE", state, "LED", led, "CERTIFICATE", certificate).Replace(kindsNginx)
		c.write("nginx.conf", text)
	}
	good, _ := os.ReadFile(c.folder + "/good.pem")
	expired, _ := os.ReadFile(c.folder + "/expired.pem")
	c.write("both.pem", string(good)+string(expired))
	nginx("return 200 \"all well\";", "return 301 /new;", "good")
	c.write("page", "a page")
	c.write("load", "30\n")
	c.write("switch", "0\n")
	c.write("weight", "50\n")
	c.write("order", "0\n")
	web := c.start("nginx", "-c", "FOLDER/nginx.conf", "-p", "FOLDER")
	cache := c.start("memcached", "-u", "root", "-l", "10.99.0.11", "-p", "11211", "-U", "0")
	names := func(address string) *os.Process {
		return c.start("dnsmasq", "-k", "-u", "root", "-x", "", "-C", "/dev/null", "-R", "-p", "5353", "-a", "10.99.0.11", "-z", "-A", "/www.example.net/"+address)
	}
	mortals := func() []*os.Process {
		return []*os.Process{
			names("192.0.2.21"),
			c.start("memcached", "-u", "root", "-l", "10.99.0.11", "-p", "0", "-U", "11212"),
			c.start("aiosmtpd", "-n", "-l", "10.99.0.11:2525", "--tlscert", "FOLDER/good.pem", "--tlskey", "FOLDER/good.key"),
			c.start("/usr/bin/python3", "../../healthcheck/testdata/grpcd.py", "10.99.0.11:50051"),
		}
	}
	served := mortals()
	end := func(servers ...*os.Process) {
		for _, server := range servers {
			server.Kill()
			server.Wait()
		}
	}

	fill := strings.NewReplacer("FOLDER", c.folder, "SUM", fmt.Sprintf("%x", sha256.Sum256([]byte("a page"))))
	text := strings.Replace(validConfig, "  virtual_addresses", fill.Replace(tracks())+"  virtual_addresses", 1) + `
virtual_server "kinds" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "nat"
`
	for _, k := range kinds {
		text += fmt.Sprintf(`
  real_server %q {
    address = "10.99.0.11:%s"
    check %q {
      interval = "400ms"
      timeout  = "400ms"
      fall     = 1
      rise     = 1
      %s
    }
  }
`, k.name, k.port, k.kind, fill.Replace(k.attributes))
	}
	s.config = written(t, text+"}\n")
	log := s.logFile()
	d := s.run(log, "--dry-run")
	found := func() map[string]string {
		all := make(map[string]string)
		for _, service := range s.status().VirtualServers {
			for _, r := range service.RealServers {
				if len(r.Checks) == 0 { // the balancer has not begun yet
					continue
				}
				all[r.Name] = fmt.Sprintf("%s %d %s", r.State, r.EffectiveWeight, r.Checks[0].Error)
			}
		}
		return all
	}
	await := func(what string, want func(i int) string) {
		t.Helper()
		var all map[string]string
		defer func() {
			if t.Failed() {
				text, _ := os.ReadFile(log.Name())
				t.Logf("it finds %q\n%s", all, text)
			}
		}()
		is := func() bool {
			all = found()
			for i, k := range kinds {
				if !regexp.MustCompile("^" + want(i) + "$").MatchString(all[k.name]) {
					return false
				}
			}
			return true
		}
		for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) { // some of them start slowly
			if time.Now().After(end) {
				t.Fatalf("still not: %s", what)
			}
		}
	}
	passes := func(i int) string { return fmt.Sprintf("up %d ", cmp.Or(weighed[kinds[i].name], 1)) }
	await("every check passes", passes)
	s.allTracked("up")

	nginx("return 503;", "return 302 /old;", "expired")
	web.Signal(syscall.SIGHUP)
	c.write("page", "another page")
	os.Remove(c.folder + "/load")
	c.write("switch", "1\n")
	c.write("weight", "1\n")
	c.write("order", "1\n")
	cache.Signal(syscall.SIGSTOP)
	end(served...)
	liar := names("192.0.2.22")
	s.ip("addr", "del", "10.99.0.13/32", "dev", "lo")
	await("every check fails for its own reason", func(i int) string { return "down 0 " + kinds[i].broken })

	s.allTracked("down")

	nginx("return 200 \"all well\";", "return 301 /new;", "good")
	web.Signal(syscall.SIGHUP)
	c.write("page", "a page")
	c.write("load", "30\n")
	c.write("switch", "0\n")
	c.write("order", "0\n")
	cache.Signal(syscall.SIGCONT)
	end(liar)
	mortals()
	s.ip("addr", "add", "10.99.0.13/32", "dev", "lo")
	s.allTracked("up")

	d.stop()
	told, tracked := make(map[string]string), make(map[string][]string)
	lines, _ := os.ReadFile(log.Name())
	for line := range bytes.Lines(lines) {
		var e struct{ Event, Server, Check, Reason, Error string }
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		switch {
		case e.Event == "real_server.down" && e.Error != "":
			told[e.Server] = e.Check
		case e.Event == "track.down" || e.Event == "track.up":
			tracked[e.Reason] = append(tracked[e.Reason], e.Event+" "+e.Error)
		}
	}
	for _, k := range kinds {
		if told[k.name] != k.kind {
			t.Errorf("%s: no real_server.down by check %s with a reason, but %q", k.name, k.kind, told[k.name])
		}
		if story := strings.Join(tracked[k.kind+":"+k.name], "\n"); k.trackable() && !regexp.MustCompile(`(?m)^track\.down `+k.onTrack()+"\ntrack.up $").MatchString(story) {
			t.Errorf("%s: no track.down with its reason and track.up after it, but %q", k.name, story)
		}
	}
}
