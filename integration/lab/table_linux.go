package lab

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Behind is who serves a port of the VIP according to a director's IPVS table:
// the real servers by name, each with its weight; nil if there is no such
// service. Unlike IPVS it starts no process, so it can be asked often.
func (l *Lab) Behind(director string, port int) map[string]int {
	l.t.Helper()
	var text string
	l.must(l.director(director).do(func() (err error) {
		text, err = readTable()
		return err
	}))
	servers, err := parseTable(text, netip.AddrPortFrom(VIP.Addr(), uint16(port)))
	if err != nil {
		l.t.Fatalf("read the table of %s: %v", director, err)
	}
	return servers
}

// readTable reads the thread's /proc/net/ip_vs in one go: where a second read
// goes on, the kernel counts the services of other namespaces too and leaves out
// as many of ours.
func readTable() (string, error) {
	file, err := os.Open("/proc/thread-self/net/ip_vs")
	if err != nil {
		return "", err
	}
	defer file.Close()
	b := make([]byte, 4096) // what the kernel gives at once
	n, err := file.Read(b)
	if err == nil && n > len(b)-100 {
		err = fmt.Errorf("%s may be longer than %d bytes", file.Name(), n)
	}
	return string(b[:n]), err
}

// parseTable finds a TCP service in the text of /proc/net/ip_vs (ip_vs_info_seq_show
// in net/netfilter/ipvs/ip_vs_ctl.c).
func parseTable(text string, service netip.AddrPort) (servers map[string]int, err error) {
	found := false
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 3:
		case fields[0] == "->" && found:
			address, err := parseEndpoint(fields[1])
			if err != nil {
				return nil, err
			}
			weight, err := strconv.Atoi(fields[3])
			if err != nil {
				return nil, fmt.Errorf("read %q: %w", line, err)
			}
			servers[nameOf(address.Addr())] = weight
		case fields[0] == "TCP":
			address, err := parseEndpoint(fields[1])
			if err != nil {
				return nil, err
			}
			if found = address == service; found {
				servers = map[string]int{}
			}
		case fields[0] != "->":
			found = false // a service of another kind
		}
	}
	return servers, nil
}

// parseEndpoint reads an address and port such as C0000264:0050.
func parseEndpoint(text string) (netip.AddrPort, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(b) != 6 {
		return netip.AddrPort{}, fmt.Errorf("read the endpoint %q: %v", text, err)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), uint16(b[4])<<8|uint16(b[5])), nil
}

// nameOf is the name of the real server with an address, or the address.
func nameOf(address netip.Addr) string {
	for _, rs := range RealServers {
		if rs.Address.Addr() == address {
			return rs.Name
		}
	}
	return address.String()
}
