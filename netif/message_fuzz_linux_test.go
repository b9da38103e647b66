package netif

import (
	"reflect"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// understood is all that this package reads from a message.
type understood struct {
	news    news
	ok      bool
	details details
	rule    Rule
	ours    bool
	errs    [3]error
}

func understand(m syscall.NetlinkMessage) (u understood) {
	u.news, u.ok, u.errs[0] = parseNews(m)
	u.details, u.errs[1] = parseDetails(m.Data)
	if len(m.Data) >= ruleHeader {
		u.rule, u.ours, u.errs[2] = parseRule(m.Data)
	}
	_ = kernelError(m.Data)
	return u
}

// FuzzMessage: whatever an rtnetlink message says, reading it ends; what is taken
// from it is sound, and stays when the next message takes its place in memory.
func FuzzMessage(f *testing.F) {
	c, err := dial(listedBuffer)
	if err != nil {
		f.Fatal(err)
	}
	for kind, header := range map[int]int{unix.RTM_GETLINK: unix.SizeofIfInfomsg, unix.RTM_GETADDR: unix.SizeofIfAddrmsg, unix.RTM_GETROUTE: unix.SizeofRtMsg, unix.RTM_GETRULE: ruleHeader} {
		r := nl.NewNetlinkRequest(kind, 0)
		r.AddRawData(make([]byte, header))
		err := c.dump(r, func() {}, func(m syscall.NetlinkMessage) error {
			f.Add(m.Header.Type, m.Header.Flags, append([]byte(nil), m.Data...))
			return nil
		})
		if err != nil {
			f.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(unix.RTM_NEWNETCONF), uint16(0), []byte{unix.AF_INET6, 0, 0, 0, 8, 0, netconfIfindex, 0, 1, 0, 0, 0, 8, 0, netconfForwarding, 0, 1, 0, 0, 0})
	for kind, tail := range map[uint16][]byte{ // what no kernel sends: values that are cut off, a last one without padding
		unix.RTM_NEWLINK:  {4, 0, unix.IFLA_MTU, 0, 4, 0, unix.IFLA_LINK, 0, 5, 0, unix.IFLA_IFNAME, 0, 'x'},
		unix.RTM_NEWADDR:  {4, 0, ifaProto, 0, 4, 0, unix.IFA_FLAGS, 0},
		unix.RTM_NEWROUTE: {4, 0, unix.RTA_TABLE, 0, 4, 0, unix.FRA_PROTOCOL, 0, 6, 0, unix.RTA_OIF, 0, 1, 1},
	} {
		header := make([]byte, map[uint16]int{unix.RTM_NEWLINK: unix.SizeofIfInfomsg, unix.RTM_NEWADDR: unix.SizeofIfAddrmsg, unix.RTM_NEWROUTE: unix.SizeofRtMsg}[kind])
		if kind != unix.RTM_NEWLINK {
			header[0] = unix.AF_INET
		}
		f.Add(kind, uint16(0), append(header, tail...))
	}
	f.Fuzz(func(t *testing.T, kind, flags uint16, data []byte) {
		m := syscall.NetlinkMessage{Header: syscall.NlMsghdr{Type: kind, Flags: flags}, Data: append([]byte(nil), data...)}
		u := understand(m)
		for i := range m.Data {
			m.Data[i] = 0xa5
		}
		m.Data = data
		if !reflect.DeepEqual(u, understand(m)) {
			t.Errorf("the next message changed it: %+v, %+v", u, understand(m))
		}
		if !u.ok {
			return
		}
		if a := u.news.addr; a != nil && !a.Prefix.IsValid() || u.news.route != nil && !u.news.route.Destination.IsValid() {
			t.Errorf("unsound: %+v", u.news)
		}
		known := newTable()
		known.apply(news{index: u.news.index, link: &Link{Index: u.news.index, Name: "known"}})
		for _, gone := range []bool{false, true, true, false} {
			u.news.gone = gone
			known.apply(u.news)
			if s := known.snapshot(); !s.equal(known.snapshot()) {
				t.Errorf("%+v differs from itself", s)
			}
		}
	})
}
