package netif

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLifetime(t *testing.T) {
	for _, c := range []struct {
		lease  time.Duration
		tagged bool
		want   uint32
	}{
		{0, true, math.MaxUint32},
		{0, false, math.MaxUint32 - 1},
		{time.Millisecond, true, 1},
		{time.Second, true, 1},
		{time.Second + 1, true, 2},
		{200 * 365 * 24 * time.Hour, true, math.MaxUint32},
	} {
		if got := lifetime(c.lease, c.tagged); got != c.want {
			t.Errorf("lifetime(%v, %v) = %d, want %d", c.lease, c.tagged, got, c.want)
		}
	}
}

// What a claim makes of the kernel's answers when the link changed since it was
// listed.
func TestAnswersToAClaim(t *testing.T) {
	p := netip.MustParsePrefix("2001:db8::9/64")
	var foreign *ForeignAddressError
	if err := (op{action: add, prefix: p}).failure(7, unix.EEXIST); !errors.As(err, &foreign) || foreign.Address != p || foreign.LinkIndex != 7 {
		t.Errorf("an address the host added meanwhile: %v", err)
	}
	if err := (op{action: remove, prefix: p}).failure(7, unix.EADDRNOTAVAIL); err != nil {
		t.Errorf("another length of ours that ended meanwhile: %v", err)
	}
	if err := (op{action: renew, prefix: p}).failure(7, ErrLinkGone); !errors.Is(err, ErrLinkGone) {
		t.Errorf("the link went: %v", err)
	}
}

func TestMissingIPv6IsNamed(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EACCES, unix.EOPNOTSUPP} {
		answer := binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno)))
		if err := kernelError(answer); !errors.Is(err, ErrNoIPv6) || !errors.Is(err, errno) {
			t.Errorf("%v gives %v", errno, err)
		}
	}
}

func TestLinkWithoutIPv6DoesNotForward(t *testing.T) {
	// IFLA_AF_SPEC of a kernel without IPv6: empty, or with AF_INET alone.
	for _, spec := range [][]byte{nil, {4, 0, unix.AF_INET, 0}} {
		if got, err := parseForwarding6(spec); got || err != nil {
			t.Errorf("% x: %v, %v", spec, got, err)
		}
	}
}

func TestNewsOfOthersIsIgnored(t *testing.T) {
	ipv4 := []byte{unix.AF_INET, 0, 0, 0}
	for name, m := range map[string]syscall.NetlinkMessage{
		"another family's address": {Header: syscall.NlMsghdr{Type: unix.RTM_NEWADDR}, Data: append([]byte{unix.AF_MCTP}, make([]byte, 7)...)},
		"a cut address":            {Header: syscall.NlMsghdr{Type: unix.RTM_NEWADDR}, Data: ipv4},
		"a setting of IPv4":        {Header: syscall.NlMsghdr{Type: unix.RTM_NEWNETCONF}, Data: ipv4},
		"another setting":          {Header: syscall.NlMsghdr{Type: unix.RTM_NEWNETCONF}, Data: []byte{unix.AF_INET6, 0, 0, 0, 8, 0, netconfIfindex, 0, 1, 0, 0, 0}},
	} {
		if n, ok, err := parseNews(m); ok || err != nil {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
}
