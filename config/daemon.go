package config

import (
	"fmt"
	"net/netip"
	"strings"
)

func (r *reader) readLog(root *block) Log {
	b := root.only("log")
	return Log{
		Level:  read(r, b, "level", oneOf([]string{"debug", "info", "warn", "error"})).or("info").value,
		Format: read(r, b, "format", oneOf([]string{"json", "console"})).value,
	}
}

func (r *reader) readAdmin(root *block) Admin {
	b := root.only("admin")
	a := Admin{
		Socket:      read(r, b, "socket", socketPath).value,
		SocketGroup: read(r, b, "socket_group", filled).value,
		SocketMode:  read(r, b, "socket_mode", fileMode).or(0o660).value,
	}
	http := readPerDirector(r, b, "http", listenAddress)
	peer := readPerDirector(r, b, "peer", serviceAddress)
	names := readList(r, b, "http_names", hostName)
	a.HTTP, a.Peer = http.value, peer.value
	for _, name := range names.value {
		a.HTTPNames = append(a.HTTPNames, name.value)
	}
	switch {
	case peer.given && !http.given:
		r.fail(peer.at, "A peer without a page", "The peer's view is shown on this director's own page, and that is off. Give it an address: http = \"127.0.0.1:7112\".")
	case names.given && !http.given:
		r.fail(names.at, "Names without a page", "http_names are names of this director's page, and that is off. Give it an address: http = \"127.0.0.1:7112\".")
	case peer.ok && http.ok && peer.value == http.value:
		r.fail(peer.at, "Its own peer", fmt.Sprintf("%s is where this director itself listens. Name the other director's: peer = { lb1 = \"…\", lb2 = \"…\" }.", peer.shown()))
	}
	return a
}

// listenAddress accepts ADDRESS:PORT; 0.0.0.0 and [::] stand for all addresses.
func listenAddress(v value) (netip.AddrPort, error) {
	s, err := text(v)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if a, err := netip.ParseAddrPort(s); err == nil && a.Port() != 0 && a.Addr().IsUnspecified() && !a.Addr().Is4In6() {
		return a, nil
	}
	return serviceAddress(v)
}

// hostName accepts a host's name as a browser sends it, in small letters.
func hostName(v value) (string, error) {
	s, err := filled(v)
	if err == nil && strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-._", c)
	}) {
		return "", complain("%s is not a host's name in small letters, without a port.", v)
	}
	return s, err
}
