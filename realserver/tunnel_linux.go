package realserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// greChecksum is GRE_CSUM of linux/if_tunnel.h. A device without it discards packets that
// have a checksum, and one with it those that have none.
const greChecksum = 0x8000

// setDevice makes a tunnel anew, or removes it.
func setDevice(s Step) error {
	if s.From != "" {
		old, err := netlink.LinkByName(s.Name)
		if err == nil {
			err = netlink.LinkDel(old)
		}
		if missing := (netlink.LinkNotFoundError{}); err != nil && !errors.As(err, &missing) {
			return err
		}
	}
	if s.To == "" {
		return nil
	}
	link := device(s.Name, s.To)
	if err := netlink.LinkAdd(link); err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("this kernel has no such tunnels: modprobe %s (%w)", module(link.Type()), err)
		}
		return err
	}
	return netlink.LinkSetUp(link)
}

// module is what the kernel calls the module of a kind of tunnels.
func module(kind string) string {
	return map[string]string{"ipip": "ipip", "sit": "sit", "ip6tnl": "ip6_tunnel", "gre": "ip_gre", "ip6gre": "ip6_gre"}[kind]
}

// device is the tunnel that a value of a [Thing] describes. It takes packets from
// whomever: a director sends them with its own address, and the next one with
// another.
func device(name, value string) netlink.Link {
	fields := strings.Fields(value) // KIND to ADDRESS [with checksums]
	attributes := netlink.NewLinkAttrs()
	attributes.Name = name
	local := net.ParseIP(fields[2])
	switch fields[0] {
	case "ipip":
		return &netlink.Iptun{LinkAttrs: attributes, Local: local}
	case "sit":
		return &netlink.Sittun{LinkAttrs: attributes, Local: local}
	case "ip6tnl":
		return &netlink.Ip6tnl{LinkAttrs: attributes, Local: local}
	}
	gre := &netlink.Gretun{LinkAttrs: attributes, Local: local}
	if len(fields) > 3 {
		gre.IFlags = greChecksum
	}
	return gre
}

// port is what takes wrapped packets on a port now.
func port(t Thing) (string, error) {
	wanted := fou(t)
	all, err := netlink.FouList(wanted.Family)
	if errors.Is(err, unix.ENOENT) { // the module is not there yet
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("list ports of tunnels: %w", err)
	}
	for _, f := range all {
		if f.Port == wanted.Port && f.Family == wanted.Family {
			return map[int]string{netlink.FOU_ENCAP_DIRECT: "fou", netlink.FOU_ENCAP_GUE: "gue"}[f.EncapType], nil
		}
	}
	return "", nil
}

func fou(t Thing) netlink.Fou {
	family, number, _ := strings.Cut(t.Name, " ")
	f := netlink.Fou{Family: unix.AF_INET, EncapType: netlink.FOU_ENCAP_GUE}
	if family == "udp6" {
		f.Family = unix.AF_INET6
	}
	f.Port, _ = strconv.Atoi(number)
	return f
}

func setPort(s Step) error {
	if s.To == "" {
		return netlink.FouDel(fou(s.Thing))
	}
	err := addPort(fou(s.Thing))
	if errors.Is(err, unix.ENOENT) {
		if text, failed := load("fou"); failed != nil {
			return fmt.Errorf("this kernel takes no GUE packets: modprobe fou (%s)", text)
		}
		err = addPort(fou(s.Thing))
	}
	return err
}

// addPort is netlink.FouAdd without the attribute for a protocol, which GUE has none of
// and which today's kernels refuse to be 0.
func addPort(f netlink.Fou) error {
	family, err := netlink.FouFamilyId()
	if err != nil {
		return err
	}
	r := nl.NewNetlinkRequest(family, unix.NLM_F_ACK)
	r.AddData(&nl.Genlmsg{Command: netlink.FOU_CMD_ADD, Version: 1})
	r.AddData(nl.NewRtAttr(netlink.FOU_ATTR_PORT, binary.BigEndian.AppendUint16(nil, uint16(f.Port))))
	r.AddData(nl.NewRtAttr(netlink.FOU_ATTR_AF, []byte{uint8(f.Family)}))
	r.AddData(nl.NewRtAttr(netlink.FOU_ATTR_TYPE, []byte{uint8(f.EncapType)}))
	_, err = r.Execute(unix.NETLINK_GENERIC, 0)
	return err
}

// load loads a module that the kernel does not ask for by itself, with the program that it
// would call.
func load(module string) (said string, err error) {
	program := "modprobe"
	if b, err := os.ReadFile("/proc/sys/kernel/modprobe"); err == nil && len(bytes.TrimSpace(b)) > 0 {
		program = string(bytes.TrimSpace(b))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, program, module).CombinedOutput()
	if said = strings.TrimSpace(string(text)); said == "" && err != nil {
		said = err.Error()
	}
	return said, err
}
