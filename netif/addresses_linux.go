package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Addresses claims and releases virtual addresses. It remembers nothing but
// its socket; one goroutine owns it.
type Addresses struct {
	conn   *conn
	tagged bool
}

// OpenAddresses opens the holder in the network namespace of the calling
// thread.
func OpenAddresses() (*Addresses, error) {
	c, err := dial(1 << 20)
	if err != nil {
		return nil, err
	}
	return &Addresses{conn: c, tagged: kernelKeepsProtocol()}, nil
}

// Close closes the socket. The addresses stay, until their leases end.
func (a *Addresses) Close() error { return a.conn.close() }

// Claim makes all of addrs present on the link, each with the given lease from
// now on. Calling it again renews the leases and puts back what was removed.
// The lease is rounded up to whole seconds; the kernel removes an address up
// to a second after it ended. 0 means no end.
//
// The addresses may be of both families. An IPv6 address is usable at once,
// without duplicate address detection, and deprecated from the start, so that
// the host does not begin connections from it.
//
// Claim is all or nothing: on an error it takes back what it added. The error
// is a [ForeignAddressError] when the host itself holds one of the addresses,
// or wraps [ErrLinkGone], [ErrPermission] or [ErrNoIPv6].
func (a *Addresses) Claim(linkIndex int, addrs []Virtual, lease time.Duration) error {
	return a.ClaimEach(linkIndex, [][]Virtual{addrs}, lease)[0]
}

// ClaimEach makes several claims on one link at once, which costs little more than one. Each
// is all or nothing for itself, and has an error of its own.
func (a *Addresses) ClaimEach(linkIndex int, wanted [][]Virtual, lease time.Duration) []error {
	errs := a.claim(linkIndex, 0, wanted, lease)
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("claim on link %d: %w", linkIndex, err)
		}
	}
	return errs
}

// claim makes it so on a link that has a virtual MAC if parent is not 0.
func (a *Addresses) claim(linkIndex, parent int, wanted [][]Virtual, lease time.Duration) []error {
	errs := make([]error, len(wanted))
	p, err := a.planner(linkIndex)
	if err == nil && parent != 0 {
		var above planner
		above, err = a.planner(parent)
		p.parent = &above
	}
	var all []op
	var of []int // the claim that an op is for
	for i, addrs := range wanted {
		if errs[i] = err; err != nil {
			continue
		}
		var ops []op
		if ops, errs[i] = p.claim(addrs); errs[i] == nil {
			all, of = append(all, ops...), append(of, slices.Repeat([]int{i}, len(ops))...)
		}
	}
	added := make([][]netip.Prefix, len(wanted))
	for n, err := range a.apply(linkIndex, all, lifetime(lease, a.tagged)) {
		i := of[n]
		if all[n].action == add {
			added[i] = append(added[i], all[n].prefix)
		}
		if errs[i] == nil {
			errs[i] = all[n].failure(linkIndex, err)
		}
	}
	for i, prefixes := range added {
		if errs[i] != nil && len(prefixes) > 0 {
			errs[i] = errors.Join(errs[i], a.Release(linkIndex, prefixes))
		}
	}
	return errs
}

// failure is what the kernel's answer to an op of a claim means for the claim.
func (o op) failure(linkIndex int, err error) error {
	switch {
	case err == nil || o.action == remove: // that nothing was there to remove is as good; else the add after it fails
		return nil
	case errors.Is(err, unix.EEXIST): // the host added it since the listing
		return &ForeignAddressError{Address: o.prefix, LinkIndex: linkIndex}
	default:
		return fmt.Errorf("%s: %w", o.prefix, err)
	}
}

// Release removes those of addrs from the link that are ours. What is absent,
// not ours, or gone with its link is no error. Should the kernel drop other
// addresses together with a released one, they are put back.
func (a *Addresses) Release(linkIndex int, addrs []netip.Prefix) error {
	p, err := a.planner(linkIndex)
	if errors.Is(err, ErrLinkGone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("release on link %d: %w", linkIndex, err)
	}
	for _, err := range a.apply(linkIndex, p.release(addrs), 0) {
		if err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) && !errors.Is(err, ErrLinkGone) {
			return fmt.Errorf("release on link %d: %w", linkIndex, err)
		}
	}
	return nil
}

// Missing lists those of addrs that are not on the link, whoever put them there.
func (a *Addresses) Missing(linkIndex int, addrs []netip.Prefix) ([]netip.Prefix, error) {
	p, err := a.planner(linkIndex)
	if err != nil {
		return nil, fmt.Errorf("look for addresses on link %d: %w", linkIndex, err)
	}
	present := make(map[netip.Prefix]bool, len(p.have))
	for _, h := range p.have {
		present[h.Prefix] = true
	}
	var missing []netip.Prefix
	for _, p := range addrs {
		if !present[p] {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

// Held lists, by link index, every address in the network namespace that
// carries hald's mark: at start, what a previous life left behind. Before
// Linux 5.18 there is no mark and the answer is empty; there, leases end them.
func (a *Addresses) Held() (map[int][]netip.Prefix, error) {
	found := make(map[int][]netip.Prefix)
	err := listAddresses(a.conn, 0, func() { clear(found) }, func(index int, h held) {
		if h.Ours() {
			found[index] = append(found[index], h.Prefix)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list held addresses: %w", err)
	}
	return found, nil
}

func (a *Addresses) planner(linkIndex int) (planner, error) {
	p := planner{linkIndex: linkIndex, tagged: a.tagged}
	if linkIndex <= 0 {
		return p, ErrLinkGone
	}
	err := listAddresses(a.conn, linkIndex, func() { p.have = nil }, func(index int, h held) {
		if index == linkIndex { // kernels before 4.20 list all links
			p.have = append(p.have, h)
		}
	})
	return p, err
}

func (a *Addresses) apply(linkIndex int, ops []op, lifetime uint32) []error {
	requests := make([]*nl.NetlinkRequest, len(ops))
	for i, o := range ops {
		requests[i] = o.request(linkIndex, lifetime)
	}
	return a.conn.change(requests)
}

// listAddresses lists the addresses of one link, or of all with 0.
func listAddresses(c *conn, linkIndex int, reset func(), each func(index int, h held)) error {
	r := nl.NewNetlinkRequest(unix.RTM_GETADDR, 0)
	info := nl.NewIfAddrmsg(unix.AF_UNSPEC)
	info.Index = uint32(linkIndex)
	r.AddData(info)
	return c.dump(r, reset, func(m syscall.NetlinkMessage) error {
		if m.Header.Type != unix.RTM_NEWADDR || !isAddress(m.Data) {
			return nil
		}
		index, a, err := parseAddress(m.Data)
		if err != nil {
			return err
		}
		h := held{Address: a}
		if a.Secondary { // no other is ever restored
			h.message = slices.Clone(m.Data)
		}
		each(index, h)
		return nil
	})
}

// kernelKeepsProtocol reports whether the kernel knows IFA_PROTO: Linux 5.18
// and later.
func kernelKeepsProtocol() bool {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return false
	}
	var major, minor int
	_, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 5 || major == 5 && minor >= 18)
}
