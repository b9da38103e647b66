package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// cure is what `hald doctor` says to do about something; empty: it has nothing to say of it.
func cure(t *testing.T, h *lab.Hald, check string) string {
	t.Helper()
	out, _ := h.Command("doctor", "-o", "json", "--for", "100ms")
	var said struct {
		Findings []struct{ Check, Level, Cure string }
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	found := false
	for _, f := range said.Findings {
		if f.Check != check {
			continue
		}
		found = true
		if f.Level == "warn" {
			command, _, _ := strings.Cut(f.Cure, ";")
			return command
		}
	}
	if !found {
		t.Errorf("doctor did not look at %s: %s", check, out)
	}
	return ""
}

// takesAPort asks who answers on a port of the VIP, from port 20000, and resets the connection.
const takesAPort = `
import socket, struct, sys
s = socket.socket()
s.settimeout(5)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.bind(("", 20000))
s.connect(("192.0.2.100", int(sys.argv[1])))
s.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
print(s.recv(4096).split()[-1].decode())
s.close()
`

// TestWhatEndsWithItsServer: what becomes of connections and clients of a server that
// failed hangs on settings of the kernel: doctor finds each of them, is right about what it does, and what it says to do cures it.
func TestWhatEndsWithItsServer(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	text := configuration(t, l, lab.Cluster{Interval: 300 * time.Millisecond})
	for _, s := range []struct {
		name string
		port int
		more string
	}{
		{"deleted", lab.PortDR, ""},
		{"pinned", lab.PortMixed, "  persistence = \"300s\"\n  on_fail = \"quiesce\"\n"},
		{"reused", lab.PortTUN, "  on_fail = \"quiesce\"\n"},
	} {
		text += fmt.Sprintf(`
virtual_server %q {
  addresses  = ["192.0.2.100:%d"]
  protocol   = "tcp"
  scheduler  = "rr"
  forwarding = "dr"
%s  check "http" {
    path     = "/healthz"
    interval = "500ms"
    timeout  = "400ms"
    rise     = 1
  }
  real_server "web1" { address = "192.0.2.21" }
  real_server "web3" {
    address    = "192.0.2.23"
    forwarding = "tun"
  }
}
`, s.name, s.port, s.more)
	}
	lb1 := l.HaldWith("lb1", l.WriteFile("gone.hcl", text))
	lb1.Start()
	l.Eventually(settle, "lb1 is master", func() bool { return l.Holds("lb1", lab.VIP) })
	becomes := func(port int, want map[string]int) {
		t.Helper()
		l.Eventually(settle, fmt.Sprintf("behind port %d are %v", port, want), func() bool { return maps.Equal(l.Behind("lb1", port), want) })
	}
	heal := func(server string) {
		t.Helper()
		l.Server(server).Fail(false)
		for _, port := range []int{lab.PortDR, lab.PortMixed, lab.PortTUN} {
			becomes(port, map[string]int{"web1": 1, "web3": 1})
		}
	}
	apply := func(check string) {
		t.Helper()
		command := cure(t, lb1, check)
		if command == "" {
			t.Fatalf("doctor says nothing of %s", check)
		}
		l.Run("lb1", "sh", "-c", command)
		if again := cure(t, lb1, check); again != "" {
			t.Errorf("after its cure doctor says of %s: %s", check, again)
		}
	}
	other := map[string]string{"web1": "web3", "web3": "web1"}
	left := func(server string, weight int) map[string]int {
		if weight < 0 {
			return map[string]int{other[server]: 1}
		}
		return map[string]int{server: weight, other[server]: 1}
	}
	for _, port := range []int{lab.PortDR, lab.PortMixed, lab.PortTUN} {
		becomes(port, map[string]int{"web1": 1, "web3": 1})
	}

	// A client that takes its port again, with a server of weight 0.
	again := func() string {
		return strings.TrimSpace(l.Run("client", "python3", "-c", takesAPort, fmt.Sprint(lab.PortTUN)))
	}
	if command := cure(t, lb1, "conn_reuse_mode"); command != "" {
		t.Errorf("doctor dislikes the kernel's own conn_reuse_mode: %s", command)
	}
	l.Run("lb1", "sysctl", "-w", "net.ipv4.vs.conn_reuse_mode=0")
	server := again()
	l.Server(server).Fail(true)
	becomes(lab.PortTUN, left(server, 0))
	if got := again(); got != server {
		t.Errorf("with conn_reuse_mode 0 the port of %s, which is drained, led to %s", server, got)
	}
	apply("conn_reuse_mode")
	if got := again(); got != other[server] {
		t.Errorf("after the cure a port led to %s, which is drained", got)
	}
	heal(server)

	// A persistent client, with a server of weight 0.
	client := func() string {
		return strings.TrimSpace(l.Run("client", "curl", "-s", "--max-time", "5", fmt.Sprintf("http://192.0.2.100:%d/", lab.PortMixed)))
	}
	server = client()
	l.Server(server).Fail(true)
	becomes(lab.PortMixed, left(server, 0))
	if got := client(); got != server {
		t.Errorf("without expire_quiescent_template a persistent client of %s, which is drained, came to %s", server, got)
	}
	apply("expire_quiescent_template")
	if got := client(); got != other[server] {
		t.Errorf("after the cure a persistent client came to %s, which is drained", got)
	}
	heal(server)

	// Connections of a server that is not in the table any more.
	const connections = 6
	for _, cured := range []bool{false, true} {
		if cured {
			apply("expire_nodest_conn")
		}
		open := l.Stand(lab.PortDR, connections)
		l.Server("web1").Fail(true)
		becomes(lab.PortDR, left("web1", -1))
		fates := open.Ask(2 * time.Second)
		want := lab.Fates{Answered: connections / 2, Silent: connections / 2}
		if cured {
			want = lab.Fates{Answered: connections / 2, Reset: connections / 2}
		}
		if fates != want {
			t.Errorf("cured: %t: connections after their server was deleted: %v, want %v", cured, fates, want)
		}
		heal("web1")
	}
}
