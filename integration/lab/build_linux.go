package lab

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
)

const (
	bridge       = "br0"
	secondBridge = "br1" // of SecondLink
)

// build makes the namespaces and wires them up.
func (l *Lab) build() error {
	var err error
	if l.bridge, err = l.addNamespace("bridge"); err != nil {
		return err
	}
	if err := l.bridge.do(func() error { return addBridge(bridge) }); err != nil {
		return err
	}
	if l.client, err = l.addNode("client", Client); err != nil {
		return err
	}
	for _, name := range Directors {
		n, err := l.addNode(name, DirectorAddress[name], insideAddress[name])
		if err != nil {
			return err
		}
		l.directors[name] = n
		if err := n.set("ipv4/ip_forward=1", "ipv4/conf/all/send_redirects=0", "ipv4/conf/eth0/send_redirects=0"); err != nil {
			return err
		}
	}
	for _, rs := range RealServers {
		if err := l.addRealServer(rs); err != nil {
			return err
		}
	}
	return nil
}

// addRealServer makes the node of a real server and its side of the forwarding
// method.
func (l *Lab) addRealServer(rs RealServer) error {
	n, err := l.addNode(rs.Name, rs.Address)
	if err != nil {
		return err
	}
	l.servers[rs.Name] = &WebServer{Name: rs.Name, lab: l, node: n}
	if rs.Forwarding == NAT {
		return n.do(func() error {
			return netlink.RouteAdd(&netlink.Route{Gw: Gateway.Addr().AsSlice()})
		})
	}
	_, err = n.output(HaldBinary(), "realserver", "up", "--config", l.realServers, "--runtime-dir", l.runtime(rs.Name))
	return err
}

func (l *Lab) addNamespace(name string) (*namespace, error) {
	n, err := newNamespace(name)
	if err != nil {
		return nil, err
	}
	l.t.Cleanup(n.close)
	return n, n.do(func() error { return setUp("lo") })
}

// addNode makes a namespace with one interface, which is a port of the bridge
// that has the node's name.
func (l *Lab) addNode(name string, addresses ...netip.Prefix) (*namespace, error) {
	n, err := l.addNamespace(name)
	if err != nil {
		return nil, err
	}
	return n, l.wire(name, n, addresses...)
}

// wire makes a node's interface.
func (l *Lab) wire(name string, n *namespace, addresses ...netip.Prefix) error {
	if err := l.bridge.do(func() error { return addPort(bridge, name, Interface, n.fd) }); err != nil {
		return err
	}
	if err := n.set("ipv4/conf/all/accept_redirects=0", "ipv4/conf/eth0/accept_redirects=0", "ipv4/conf/eth0/rp_filter=0"); err != nil {
		return err
	}
	return n.do(func() error {
		for _, a := range addresses {
			if err := addAddress(Interface, a); err != nil {
				return err
			}
		}
		return setUp(Interface)
	})
}

func addBridge(name string) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = name
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attributes}); err != nil {
		return fmt.Errorf("add the bridge %s: %w", name, err)
	}
	return setUp(name)
}

// addPort makes a port of a bridge whose other end is an interface of another
// namespace.
func addPort(bridge, name, device string, peer int) error {
	br, err := netlink.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("find the bridge %s: %w", bridge, err)
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = name
	attributes.MasterIndex = br.Attrs().Index
	if err := netlink.LinkAdd(&netlink.Veth{
		LinkAttrs: attributes, PeerName: device, PeerNamespace: netlink.NsFd(peer),
	}); err != nil {
		return fmt.Errorf("add the port of %s: %w", name, err)
	}
	return setUp(name)
}

func addAddress(device string, address netip.Prefix) error {
	link, err := netlink.LinkByName(device)
	if err != nil {
		return fmt.Errorf("find %s: %w", device, err)
	}
	parsed, err := netlink.ParseAddr(address.String())
	if err != nil {
		return fmt.Errorf("add %v: %w", address, err)
	}
	if err := netlink.AddrAdd(link, parsed); err != nil {
		return fmt.Errorf("add %v to %s: %w", address, device, err)
	}
	return nil
}

func setUp(device string) error { return setState(device, netlink.LinkSetUp) }

func setDown(device string) error { return setState(device, netlink.LinkSetDown) }

func setState(device string, set func(netlink.Link) error) error {
	link, err := netlink.LinkByName(device)
	if err != nil {
		return fmt.Errorf("find %s: %w", device, err)
	}
	if err := set(link); err != nil {
		return fmt.Errorf("set the state of %s: %w", device, err)
	}
	return nil
}
