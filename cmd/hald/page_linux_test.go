package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const pageAddress = "10.99.0.11:7112"

// get asks the page from within the namespace; the body, or the error text of curl.
func (s *site) get(path string, options ...string) string {
	s.t.Helper()
	out, err := exec.Command("ip", slices.Concat([]string{"netns", "exec", s.name, "curl", "-sS", "--max-time", "5"}, options, []string{"http://" + pageAddress + path})...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return string(out)
}

// named is what command-line.md promises, and what every scrape must have.
var named = []string{
	"hald_vrrp_state", "hald_vrrp_transitions_total", "hald_vrrp_adverts_sent_total", "hald_vrrp_adverts_received_total", "hald_vrrp_packet_errors_total",
	"hald_vrrp_advert_gap_seconds", "hald_vrrp_wakeup_delay_seconds", "hald_vrrp_split_seconds_total", "hald_address_repairs_total",
	"hald_check_duration_seconds", "hald_check_failures_total", "hald_real_server_up", "hald_real_server_weight", "hald_service_quorum",
	"hald_ipvs_operations_total", "hald_ipvs_drift_total", "hald_ipvs_connections", "hald_config_hash_info", "hald_config_last_reload_successful", "hald_build_info",
}

// TestPage has a real daemon scraped, reloaded and asked how it is. It runs in shadow
// mode, so that there are services on a kernel without IPVS too.
func TestPage(t *testing.T) {
	s := newSite(t, validConfig+`
virtual_server "web" {
  addresses  = ["10.99.0.100:80"]
  protocol   = "tcp"
  forwarding = "nat"
  real_server "one" { address = "10.99.0.11" }
  check "tcp" {
    interval = "100ms"
    timeout  = "100ms"
  }
}
admin {
}
`)
	s.ip("link", "set", "lo", "up")
	log := s.logFile()
	d := s.run(log, "--dry-run")
	s.until("master, and the server down", func() bool {
		now := s.status()
		return s.isMaster() && len(now.VirtualServers) == 1 && now.VirtualServers[0].RealServers[0].State == "down"
	})
	reload := func() {
		t.Helper()
		if out, err := s.command("reload").CombinedOutput(); err != nil {
			t.Fatalf("reload: %v: %s", err, out)
		}
	}
	if text := s.get("/healthz"); !strings.Contains(text, "exit status 7") {
		t.Errorf("there is a page that nobody configured: %s", text)
	}
	workers := d.workers()
	s.rewrite("admin {\n", "admin {\n  http = \""+pageAddress+"\"\n")
	reload()
	s.until("the page", func() bool { return s.get("/healthz") == "ok\n" })
	if text := s.get("/readyz"); text != "ok\n" {
		t.Errorf("ready: %s", text)
	}
	if text := s.get("/events", "--max-time", "1"); !strings.Contains(text, `"event":"http.opened"`) || strings.Contains(text, "event: status") {
		t.Errorf("events: %s", text)
	}
	s.until("failed probes", func() bool {
		return regexp.MustCompile(`hald_check_failures_total{check="tcp",server="one",service="web"} [1-9]`).MatchString(s.get("/metrics"))
	})
	metrics := s.get("/metrics")
	for _, name := range named {
		if name != "hald_vrrp_packet_errors_total" && !strings.Contains(metrics, "\n"+name) { // there were none
			t.Errorf("no %s", name)
		}
	}
	for _, line := range []string{`hald_vrrp_state{instance="web",state="master"} 1`, `hald_real_server_up{server="one",service="web"} 0`, `hald_service_quorum{service="web"} 0`, `hald_ready 1`} {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	lint := exec.Command("promtool", "check", "metrics")
	lint.Stdin = strings.NewReader(metrics)
	if out, err := lint.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("promtool (Debian's prometheus): %v\n%s", err, out)
	}
	s.rewrite("  http = \""+pageAddress+"\"\n", "")
	reload()
	s.until("no page", func() bool { return strings.Contains(s.get("/healthz"), "exit status 7") })
	if !slices.Equal(workers, d.workers()) {
		t.Error("the page has cost a worker its life")
	}
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	text, _ := os.ReadFile(log.Name())
	if !bytes.Contains(text, []byte(`"event":"http.closed"`)) {
		t.Errorf("the log does not tell of the end of the page:\n%s", text)
	}
}
