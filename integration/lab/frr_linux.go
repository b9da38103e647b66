package lab

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FRR is a director that runs Debian's FRRouting as a VRRP router, on a macvlan
// with the router's virtual MAC and its address, as that daemon has it.
type FRR struct {
	*launcher
	lab    *Lab
	folder string // configuration and sockets: the daemons are no root
	vrid   uint8
}

// FRR makes a director one virtual router. The daemons are not started.
func (l *Lab) FRR(name string, version, vrid, priority uint8, interval time.Duration, address netip.Prefix) *FRR {
	l.t.Helper()
	folder, err := os.MkdirTemp("", "frr")
	if err != nil {
		l.t.Fatalf("configure FRR on %s: %v", name, err)
	}
	l.t.Cleanup(func() { os.RemoveAll(folder) })
	l.must(os.Chmod(folder, 0o777))
	family, device, mac := "ip", "frr4", fmt.Sprintf("00:00:5e:00:01:%02x", vrid)
	if address.Addr().Is6() {
		family, device, mac = "ipv6", "frr6", fmt.Sprintf("00:00:5e:00:02:%02x", vrid)
	}
	l.Run(name, "ip", "link", "add", device, "link", Interface, "address", mac, "type", "macvlan", "mode", "bridge")
	arguments := []string{"ip", "address", "add", address.String(), "dev", device}
	if address.Addr().Is6() {
		arguments = append(arguments, "nodad")
	}
	l.Run(name, arguments...)
	l.Run(name, "ip", "link", "set", device, "up")

	config := filepath.Join(folder, "vrrpd.conf")
	router := fmt.Sprintf("vrrp %d", vrid)
	text := fmt.Sprintf("interface %[1]s\n %[2]s version %[3]d\n %[2]s priority %[4]d\n %[2]s advertisement-interval %[5]d\n %[2]s %[6]s %[7]s\n",
		Interface, router, version, priority, interval.Milliseconds(), family, address.Addr())
	l.must(os.WriteFile(config, []byte(text), 0o644))
	f := &FRR{lab: l, folder: folder, vrid: vrid}
	f.launcher = &launcher{
		name: name, daemon: "FRR", election: noChild, balancer: noChild,
		launch: func() *Process {
			l.t.Helper()
			return l.spawn(l.director(name), name, "sh", "-c", frrScript, "sh", folder, config)
		},
	}
	return f
}

func noChild(int) bool { return false }

// frrScript runs the two daemons of a router until it is told to stop.
const frrScript = `
/usr/lib/frr/zebra -f /dev/null -z $1/zserv --vty_socket $1 -i $1/zebra.pid --log stdout & z=$!
until [ -S $1/zserv ]; do sleep 0.05; done
/usr/lib/frr/vrrpd -f $2 -z $1/zserv --vty_socket $1 -i $1/vrrpd.pid --log stdout & v=$!
trap 'kill $v; wait $v; kill $z; wait $z; exit 0' TERM
wait`

// Start waits until the router has elected for the first time.
func (f *FRR) Start() {
	f.launcher.Start()
	f.lab.Eventually(20*time.Second, "FRR has begun", func() bool { s := f.State(); return s == "Master" || s == "Backup" })
}

// State is Initialize, Backup or Master, by its own word; empty when it gives
// none.
func (f *FRR) State() string {
	out, err := f.lab.director(f.name).output("vtysh", "--vty_socket", f.folder, "-d", "vrrpd", "-c", fmt.Sprintf("show vrrp %d json", f.vrid))
	var routers []struct {
		V4, V6 struct {
			Status    string
			Addresses []string
		}
	}
	if err != nil || json.Unmarshal(out[max(0, strings.IndexByte(string(out), '[')):], &routers) != nil || len(routers) != 1 {
		return ""
	}
	if len(routers[0].V6.Addresses) > 0 {
		return routers[0].V6.Status
	}
	return routers[0].V4.Status
}
