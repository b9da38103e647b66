package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// fixedPart is struct fib_rule_hdr of linux/fib_rules.h: family, lengths of
// destination and source, tos, table, two reserved ones, action, flags.
type fixedPart [ruleHeader]byte

func (f fixedPart) Len() int          { return ruleHeader }
func (f fixedPart) Serialize() []byte { return f[:] }

const (
	ruleHeader = 12
	toTable    = 1 // FR_ACT_TO_TBL
)

// ClaimRules makes the rules present, beside whatever rules the host has of the
// same priority. Calling it again puts back what was removed. It is all or
// nothing: on an error, which may wrap [ErrPermission], it takes back what it added.
func (a *Addresses) ClaimRules(want []Rule) error {
	have, err := a.HeldRules()
	if err != nil {
		return fmt.Errorf("claim rules: %w", err)
	}
	var failed error
	var added []Rule
	ops := planKeyed(want, have)
	for i, err := range apply(a.conn, ops, requestRule) {
		switch {
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("claim the rule %s: %w", ops[i].what, err))
		case !ops[i].remove:
			added = append(added, ops[i].what)
		}
	}
	if failed == nil {
		return nil
	}
	return errors.Join(failed, a.ReleaseRules(added))
}

// ReleaseRules removes those of the rules' priorities that are ours, whatever
// they say. What is absent or not ours is no error.
func (a *Addresses) ReleaseRules(rules []Rule) error {
	have, err := a.HeldRules()
	if err != nil {
		return fmt.Errorf("release rules: %w", err)
	}
	ops := planRemoval(rules, have)
	for i, err := range apply(a.conn, ops, requestRule) {
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("release the rule %s: %w", ops[i].what, err)
		}
	}
	return nil
}

// MissingRules lists those of the rules that are not there as they should be.
func (a *Addresses) MissingRules(want []Rule) ([]Rule, error) {
	have, err := a.HeldRules()
	if err != nil {
		return nil, fmt.Errorf("look for rules: %w", err)
	}
	return missingOf(want, have), nil
}

// HeldRules lists every rule in the network namespace that bears hald's mark,
// which rules have since Linux 4.17 (FRA_PROTOCOL).
func (a *Addresses) HeldRules() (held []Rule, err error) {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		var found []Rule
		r := nl.NewNetlinkRequest(unix.RTM_GETRULE, 0)
		r.AddData(fixedPart{family})
		err := a.conn.dump(r, func() { found = nil }, func(m syscall.NetlinkMessage) error {
			if m.Header.Type != unix.RTM_NEWRULE || len(m.Data) < ruleHeader || m.Data[0] != family {
				return nil
			}
			rule, ours, err := parseRule(m.Data)
			if ours {
				found = append(found, rule)
			}
			return err
		})
		if err != nil && !errors.Is(err, ErrNoIPv6) {
			return nil, fmt.Errorf("list rules: %w", err)
		}
		held = append(held, found...)
	}
	return held, nil
}

// apply makes the requests of all edits, and answers what the kernel said to each.
func apply[T any](c *conn, edits []edit[T], request func(edit[T]) *nl.NetlinkRequest) []error {
	requests := make([]*nl.NetlinkRequest, len(edits))
	for i, o := range edits {
		requests[i] = request(o)
	}
	return c.change(requests)
}

// requestRule turns an edit into a netlink request. Our protocol number in it keeps the
// kernel from removing a rule of the host's: a removal is of the first rule to which all
// of the request applies (fib_nl_delrule of net/core/fib_rules.c).
func requestRule(o edit[Rule]) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	if o.remove {
		r = nl.NewNetlinkRequest(unix.RTM_DELRULE, 0)
	}
	header := fixedPart{unix.AF_INET}
	if o.what.IPv6 {
		header[0] = unix.AF_INET6
	}
	header[7] = toTable
	for at, p := range map[int]netip.Prefix{1: o.what.To, 2: o.what.From} {
		if p.IsValid() {
			header[at] = uint8(p.Bits())
		}
	}
	r.AddData(header)
	r.AddData(nl.NewRtAttr(unix.FRA_PRIORITY, nl.Uint32Attr(o.what.Priority)))
	r.AddData(nl.NewRtAttr(unix.FRA_PROTOCOL, []byte{Protocol}))
	r.AddData(nl.NewRtAttr(unix.FRA_TABLE, nl.Uint32Attr(o.what.Table)))
	if o.what.To.IsValid() {
		r.AddData(nl.NewRtAttr(unix.FRA_DST, o.what.To.Addr().AsSlice()))
	}
	if o.what.From.IsValid() {
		r.AddData(nl.NewRtAttr(unix.FRA_SRC, o.what.From.Addr().AsSlice()))
	}
	if o.what.Input != "" {
		r.AddData(nl.NewRtAttr(unix.FRA_IIFNAME, nl.ZeroTerminated(o.what.Input)))
	}
	if o.what.Output != "" {
		r.AddData(nl.NewRtAttr(unix.FRA_OIFNAME, nl.ZeroTerminated(o.what.Output)))
	}
	if o.what.Mask != 0 {
		r.AddData(nl.NewRtAttr(unix.FRA_FWMARK, nl.Uint32Attr(o.what.Mark)))
		r.AddData(nl.NewRtAttr(unix.FRA_FWMASK, nl.Uint32Attr(o.what.Mask)))
	}
	return r
}

// parseRule reads a rule, and whether it is ours.
func parseRule(data []byte) (r Rule, ours bool, err error) {
	attrs, err := attributes(data[ruleHeader:])
	if err != nil {
		return Rule{}, false, fmt.Errorf("read rule message: %w", err)
	}
	r.IPv6, r.Table = data[0] == unix.AF_INET6, uint32(data[4])
	for _, at := range attrs {
		switch ip, _ := netip.AddrFromSlice(at.value); at.kind {
		case unix.FRA_DST:
			r.To = netip.PrefixFrom(ip, int(data[1]))
		case unix.FRA_SRC:
			r.From = netip.PrefixFrom(ip, int(data[2]))
		case unix.FRA_IIFNAME:
			r.Input = unix.ByteSliceToString(at.value)
		case unix.FRA_OIFNAME:
			r.Output = unix.ByteSliceToString(at.value)
		case unix.FRA_FWMARK:
			r.Mark = at.number()
		case unix.FRA_FWMASK:
			r.Mask = at.number()
		case unix.FRA_TABLE:
			r.Table = at.number()
		case unix.FRA_PRIORITY:
			r.Priority = at.number()
		case unix.FRA_PROTOCOL:
			ours = at.octet() == Protocol
		}
	}
	return r, ours, nil
}
