package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// WebServer is nginx on a real server. It answers every request with its name,
// and /healthz with 200 or, made to fail, 503.
type WebServer struct {
	Name string

	lab     *Lab
	node    *namespace
	process *Process
}

const webTimeout = 20 * time.Second

// Start starts nginx.
func (w *WebServer) Start() {
	w.lab.t.Helper()
	if w.process != nil && w.process.Running() {
		w.lab.t.Fatalf("%s runs already", w.Name)
	}
	config := filepath.Join(w.lab.folder, w.Name+".nginx")
	if err := os.WriteFile(config, []byte(w.config()), 0o644); err != nil {
		w.lab.t.Fatalf("configure %s: %v", w.Name, err)
	}
	w.process = w.lab.spawn(w.node, w.Name, "nginx", "-p", w.lab.folder, "-c", config, "-e", "stderr")
}

// Restart starts nginx and waits until it answers.
func (w *WebServer) Restart() {
	w.lab.t.Helper()
	w.Start()
	w.awaitReady()
}

// Kill is kill -9 of nginx: connections are refused from now on.
func (w *WebServer) Kill() { w.process.Kill() }

// Stop ends nginx in good order.
func (w *WebServer) Stop() { w.process.Stop() }

// Freeze lets connections be made that nobody answers; Thaw ends that.
func (w *WebServer) Freeze() { w.process.Freeze() }

// Thaw is the end of Freeze.
func (w *WebServer) Thaw() { w.process.Thaw() }

// Fail makes /healthz answer 503, or 200 again.
func (w *WebServer) Fail(failing bool) {
	w.lab.t.Helper()
	var err error
	if failing {
		err = os.WriteFile(w.failFile(), nil, 0o644)
	} else {
		err = os.Remove(w.failFile())
	}
	if err != nil {
		w.lab.t.Fatalf("make %s fail: %v", w.Name, err)
	}
}

func (w *WebServer) failFile() string {
	return filepath.Join(w.lab.folder, w.Name+".fail")
}

func (w *WebServer) awaitReady() {
	w.lab.t.Helper()
	w.lab.Eventually(webTimeout, w.Name+" answers", func() bool {
		return w.node.do(func() error {
			c, err := net.DialTimeout("tcp4", fmt.Sprintf("127.0.0.1:%d", PortMixed), time.Second)
			if err == nil {
				c.Close()
			}
			return err
		}) == nil
	})
}

func (w *WebServer) config() string {
	var listen strings.Builder
	for _, port := range ports {
		fmt.Fprintf(&listen, "    listen %d;\n", port)
	}
	temporary := filepath.Join(os.TempDir(), "nginx")
	return fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/%[2]s.pid;
error_log stderr warn;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout 10m;
  keepalive_requests 1000000;
  client_body_temp_path %[3]s;
  proxy_temp_path %[3]s;
  fastcgi_temp_path %[3]s;
  uwsgi_temp_path %[3]s;
  scgi_temp_path %[3]s;
  default_type text/plain;
  server {
%[4]s
    location / { return 200 "%[2]s\n"; }
    location = /healthz {
      if (-f %[5]s) { return 503 "failing\n"; }
      return 200 "ok\n";
    }
  }
}
`, w.lab.folder, w.Name, temporary, listen.String(), w.failFile())
}
