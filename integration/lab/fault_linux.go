package lab

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// CutLink takes the carrier from a node's interface, as pulling its cable does:
// the far end of the cable, at the bridge, goes down.
func (l *Lab) CutLink(node string) {
	l.t.Helper()
	l.must(l.bridge.do(func() error { return setDown(node) }))
}

// RestoreLink is the end of CutLink.
func (l *Lab) RestoreLink(node string) {
	l.t.Helper()
	l.must(l.bridge.do(func() error { return setUp(node) }))
}

// DisableInterface sets a node's interface down from within; the kernel keeps
// its IPv4 addresses but forgets its routes.
func (l *Lab) DisableInterface(node string) {
	l.t.Helper()
	l.must(l.node(node).do(func() error { return setDown(Interface) }))
}

// EnableInterface is the end of DisableInterface.
func (l *Lab) EnableInterface(node string) {
	l.t.Helper()
	l.must(l.node(node).do(func() error { return setUp(Interface) }))
}

// RemoveInterface takes a director's interface away, as a driver that is unloaded
// does.
func (l *Lab) RemoveInterface(director string) {
	l.t.Helper()
	l.Run(director, "ip", "link", "delete", Interface)
}

// ReplaceInterface is the end of RemoveInterface: another interface, with another
// index and MAC, gets the name and the director's own addresses.
func (l *Lab) ReplaceInterface(director string) {
	l.t.Helper()
	l.must(l.wire(director, l.director(director), DirectorAddress[director], insideAddress[director]))
	l.must(l.director(director).set("ipv4/conf/eth0/send_redirects=0"))
}

// FlushAddresses takes every address from a director's interface, its own too.
func (l *Lab) FlushAddresses(director string) {
	l.t.Helper()
	l.Run(director, "ip", "address", "flush", "dev", Interface)
}

// RestoreAddresses gives a director its own addresses again.
func (l *Lab) RestoreAddresses(director string) {
	l.t.Helper()
	l.must(l.director(director).do(func() error {
		for _, a := range []netip.Prefix{DirectorAddress[director], insideAddress[director]} {
			if err := addAddress(Interface, a); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Loss says which frames the bridge loses.
type Loss struct {
	From, To string // nodes; empty: any
	Match    string // an nftables match, such as "ip protocol 112"; empty: all frames
	Percent  int    // 0 means 100
}

// VRRP as a Loss's Match is the advertisements.
const VRRP = "ip protocol 112"

// Lose makes the bridge lose frames from now on, whatever socket the daemon
// reads. Several losses add up; Deliver ends them all.
func (l *Lab) Lose(losses ...Loss) {
	l.t.Helper()
	rules := "add table bridge lab\nadd chain bridge lab forward { type filter hook forward priority 0; }\n"
	for _, loss := range losses {
		var match []string
		if loss.From != "" {
			match = append(match, "iifname "+loss.From)
		}
		if loss.To != "" {
			match = append(match, "oifname "+loss.To)
		}
		if loss.Match != "" {
			match = append(match, loss.Match)
		}
		if loss.Percent != 0 {
			match = append(match, fmt.Sprintf("numgen random mod 100 < %d", loss.Percent))
		}
		rules += "add rule bridge lab forward " + strings.Join(match, " ") + " drop\n"
	}
	l.Run("bridge", "nft", rules)
}

// Deliver is the end of every Lose.
func (l *Lab) Deliver() {
	l.t.Helper()
	l.Run("bridge", "nft", "delete table bridge lab")
}

// Inject sends frames to every node, as a stranger on the link would.
func (l *Lab) Inject(frames ...[]byte) {
	l.t.Helper()
	l.must(l.bridge.do(func() error {
		if l.injector == nil {
			var err error
			if l.injector, err = openInjector(); err != nil {
				return err
			}
			l.t.Cleanup(func() { l.injector.Close() })
		}
		for _, frame := range frames {
			if _, err := l.injector.Write(frame); err != nil {
				return fmt.Errorf("inject a frame: %w", err)
			}
		}
		return nil
	}))
}

// openInjector opens a packet socket that sends to all ports of the bridge and
// receives nothing. It is kept, for the kernel takes long to close one.
func openInjector() (*os.File, error) {
	index, err := indexOf(bridge)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a socket to inject: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: index}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("bind the socket to inject: %w", err)
	}
	return os.NewFile(uintptr(fd), "injector"), nil
}

func (l *Lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("%v", err)
	}
}
