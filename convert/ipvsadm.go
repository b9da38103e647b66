package convert

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// IsIpvsadm tells whether a text is what ipvsadm -S says, by its first line.
func IsIpvsadm(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			first, _, _ := strings.Cut(line, " ")
			return slices.Contains([]string{"-A", "-a", "--add-service", "--add-server"}, first)
		}
	}
	return false
}

// Ipvsadm makes a configuration of a table as ipvsadm -Sn says it: its services with
// their servers, which nothing checks. The name is that of where it was saved.
func Ipvsadm(cluster string, directors []string, name, saved string) ([]byte, *Report) {
	t := &table{Report: &Report{}, services: map[string]*block{}}
	n := 0
	for line := range strings.Lines(saved) {
		n++
		t.line(strings.Fields(line), place{name, n})
	}
	c := newBlock("cluster", place{}, cluster)
	for _, d := range directors {
		c.add(newBlock("director", place{}, d))
	}
	all := []*block{c}
	for _, b := range t.order {
		if len(b.of("real_server")) == 0 {
			t.lost(b.at, "%s has no server, without which hald has no service", b.labels[0])
			continue
		}
		b.order(serviceOrder...)
		b.blocks = append([]*block{newBlock("check", b.at, "none")}, b.blocks...)
		all = append(all, b)
	}
	if len(all) > 1 {
		t.note(place{file: name}, "nothing checks the servers, as nothing did: put a check in the place of check \"none\", and let a vrrp_instance hold the addresses")
	}
	written := render(nil, all)
	verify(written, name, t.Report)
	t.sort()
	return written, t.Report
}

// table is a table while it is read.
type table struct {
	*Report
	services map[string]*block // by what they are called by
	order    []*block
}

// longOptions are the options of ipvsadm that have a letter.
var longOptions = map[string]string{
	"-A": "--add-service", "-a": "--add-server", "-t": "--tcp-service", "-u": "--udp-service", "-f": "--fwmark-service", "-6": "--ipv6", "-s": "--scheduler",
	"-b": "--sched-flags", "-p": "--persistent", "-M": "--netmask", "-o": "--ops", "-r": "--real-server", "-g": "--gatewaying", "-i": "--ipip",
	"-m": "--masquerading", "-w": "--weight", "-x": "--u-threshold", "-y": "--l-threshold",
}

// bareOptions are those without a value, valueOptions those with one.
var (
	bareOptions  = strings.Fields("--add-service --add-server --ipv6 --ops --gatewaying --ipip --masquerading --tun-nocsum --tun-csum --tun-remcsum")
	valueOptions = strings.Fields(`--tcp-service --udp-service --sctp-service --fwmark-service --scheduler --sched-flags --persistent --netmask --pe --real-server
		--weight --u-threshold --l-threshold --tun-type --tun-port`)
)

// line reads a service or a server.
func (t *table) line(words []string, at place) {
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return
	}
	set := map[string]string{}
	for i := 0; i < len(words); i++ {
		name := words[i]
		if long, short := longOptions[name]; short {
			name = long
		}
		switch valued := i+1 < len(words) && !strings.HasPrefix(words[i+1], "-"); {
		case slices.Contains(bareOptions, name):
			set[name] = "true"
		case slices.Contains(valueOptions, name) && valued:
			i++
			set[name] = words[i]
		case name == "--persistent":
			set[name] = "300" // ipvsadm's own
		default:
			t.lost(at, "%q is nothing that ipvsadm saves", printable(words[i]))
			return
		}
	}
	switch {
	case set["--add-service"] != "":
		t.service(set, at)
	case set["--add-server"] != "":
		t.server(set, at)
	default:
		t.lost(at, "%s adds neither a service nor a server", printable(strings.Join(words, " ")))
	}
}

// called is what a service is called by.
func called(set map[string]string) (protocol, address, key string) {
	for _, protocol := range []string{"tcp", "udp", "sctp", "fwmark"} {
		if a := set["--"+protocol+"-service"]; a != "" {
			return protocol, a, protocol + " " + a + " " + set["--ipv6"]
		}
	}
	return "", "", ""
}

func (t *table) service(set map[string]string, at place) {
	protocol, address, key := called(set)
	b := newBlock("virtual_server", at)
	if protocol == "fwmark" {
		n, ok := whole(address)
		if !ok || n == 0 {
			t.lost(at, "%q is no firewall mark", printable(address))
			return
		}
		family := "ipv4"
		if set["--ipv6"] != "" {
			family = "ipv6"
		}
		b.labels = []string{"fwmark-" + number(n) + "-" + family}
		b.set("fwmark", number(n), at)
		b.set("family", text(family), at)
	} else {
		a, err := netip.ParseAddrPort(address)
		if err != nil || a.Port() == 0 || a.Addr().Zone() != "" {
			t.lost(at, "%q is no address and port of a service here: names are told as numbers by ipvsadm -Sn, and a service of all ports there is none", printable(address))
			return
		}
		b.labels = []string{protocol + "-" + a.Addr().String() + "-" + number(int(a.Port()))}
		b.set("addresses", list([]string{text(a.String())}), at)
		b.set("protocol", text(protocol), at)
	}
	if t.services[key] != nil {
		t.lost(at, "%s stands here a second time", b.labels[0])
		return
	}
	b.set("scheduler", text(or(set["--scheduler"], "wlc")), at)
	if flags := set["--sched-flags"]; flags != "" {
		b.set("scheduler_flags", texts(strings.Split(flags, ",")), at)
	}
	if n, ok := whole(set["--persistent"]); ok && n > 0 {
		b.set("persistence", length(time.Duration(n)*time.Second), at)
		if bits, isNumber := whole(set["--netmask"]); isNumber {
			b.set("persistence_netmask", number(bits), at)
		} else if mask := set["--netmask"]; mask != "" {
			b.set("persistence_netmask", text(mask), at)
		}
	}
	if set["--pe"] != "" {
		b.set("persistence_engine", text(set["--pe"]), at)
	}
	if set["--ops"] != "" {
		b.set("one_packet", "true", at)
	}
	t.services[key] = b
	t.order = append(t.order, b)
}

func (t *table) server(set map[string]string, at place) {
	protocol, address, key := called(set)
	sv := t.services[key]
	if sv == nil {
		t.lost(at, "no service %s %s came along that this server would be of", protocol, printable(address))
		return
	}
	a, err := netip.ParseAddrPort(set["--real-server"])
	if err != nil || a.Addr().Zone() != "" {
		t.lost(at, "%q is no address and port: ipvsadm -Sn tells numbers", printable(set["--real-server"]))
		return
	}
	method := "dr" // ipvsadm's own
	switch {
	case set["--masquerading"] != "":
		method = "nat"
	case set["--ipip"] != "":
		method = "tun"
	}
	value := text(a.Addr().String())
	if method != "dr" && a.Port() != 0 && !strings.HasSuffix(address, ":"+number(int(a.Port()))) {
		value = text(a.String())
	}
	b := newBlock("real_server", at, strings.Trim(value, `"`))
	b.set("address", value, at)
	for _, o := range [][2]string{{"--weight", "weight"}, {"--u-threshold", "upper_threshold"}, {"--l-threshold", "lower_threshold"}} {
		if n, ok := whole(set[o[0]]); ok && (n != 1 || o[1] != "weight") && (n != 0 || o[1] == "weight") {
			b.set(o[1], number(n), at)
		}
	}
	if sv.value("forwarding") == "" {
		sv.set("forwarding", text(method), at)
	} else if sv.value("forwarding") != text(method) {
		b.set("forwarding", text(method), at)
	}
	if kind := set["--tun-type"]; method == "tun" && kind != "" && kind != "ipip" {
		t.wrapped(b, kind, set)
	}
	sv.add(b)
}

// wrapped reads how packets to a server are wrapped.
func (t *table) wrapped(b *block, kind string, set map[string]string) {
	tunnel := b.add(newBlock("tunnel", b.at))
	tunnel.set("type", text(kind), b.at)
	if n, ok := whole(set["--tun-port"]); ok && n > 0 {
		tunnel.set("port", number(n), b.at)
	}
	if set["--tun-csum"] != "" {
		tunnel.set("checksum", "true", b.at)
	}
	if set["--tun-remcsum"] != "" {
		t.lost(b.at, "--tun-remcsum: hald knows checksums and none")
	}
}
