package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
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
	ops := planRules(want, have)
	for i, err := range a.applyRules(ops) {
		switch {
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("claim the rule %s: %w", ops[i].rule, err))
		case !ops[i].remove:
			added = append(added, ops[i].rule)
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
	var ops []ruleOp
	for _, h := range have {
		if slices.ContainsFunc(rules, func(r Rule) bool { return r.Key() == h.Key() }) {
			ops = append(ops, ruleOp{remove: true, rule: h})
		}
	}
	for i, err := range a.applyRules(ops) {
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("release the rule %s: %w", ops[i].rule, err)
		}
	}
	return nil
}

// MissingRules lists those of the rules that are not there as they should be.
func (a *Addresses) MissingRules(want []Rule) (missing []Rule, err error) {
	have, err := a.HeldRules()
	if err != nil {
		return nil, fmt.Errorf("look for rules: %w", err)
	}
	for _, w := range want {
		if !slices.Contains(have, w) {
			missing = append(missing, w)
		}
	}
	return missing, nil
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

func (a *Addresses) applyRules(ops []ruleOp) []error {
	requests := make([]*nl.NetlinkRequest, len(ops))
	for i, o := range ops {
		requests[i] = o.request()
	}
	return a.conn.change(requests)
}

// request turns an op into a netlink request. Our protocol number in it keeps the
// kernel from removing a rule of the host's: a removal is of the first rule to which all
// of the request applies (fib_nl_delrule of net/core/fib_rules.c).
func (o ruleOp) request() *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	if o.remove {
		r = nl.NewNetlinkRequest(unix.RTM_DELRULE, 0)
	}
	header := fixedPart{unix.AF_INET}
	if o.rule.IPv6 {
		header[0] = unix.AF_INET6
	}
	header[7] = toTable
	for at, p := range map[int]netip.Prefix{1: o.rule.To, 2: o.rule.From} {
		if p.IsValid() {
			header[at] = uint8(p.Bits())
		}
	}
	r.AddData(header)
	r.AddData(nl.NewRtAttr(unix.FRA_PRIORITY, nl.Uint32Attr(o.rule.Priority)))
	r.AddData(nl.NewRtAttr(unix.FRA_PROTOCOL, []byte{Protocol}))
	r.AddData(nl.NewRtAttr(unix.FRA_TABLE, nl.Uint32Attr(o.rule.Table)))
	if o.rule.To.IsValid() {
		r.AddData(nl.NewRtAttr(unix.FRA_DST, o.rule.To.Addr().AsSlice()))
	}
	if o.rule.From.IsValid() {
		r.AddData(nl.NewRtAttr(unix.FRA_SRC, o.rule.From.Addr().AsSlice()))
	}
	if o.rule.Input != "" {
		r.AddData(nl.NewRtAttr(unix.FRA_IIFNAME, nl.ZeroTerminated(o.rule.Input)))
	}
	if o.rule.Output != "" {
		r.AddData(nl.NewRtAttr(unix.FRA_OIFNAME, nl.ZeroTerminated(o.rule.Output)))
	}
	if o.rule.Mask != 0 {
		r.AddData(nl.NewRtAttr(unix.FRA_FWMARK, nl.Uint32Attr(o.rule.Mark)))
		r.AddData(nl.NewRtAttr(unix.FRA_FWMASK, nl.Uint32Attr(o.rule.Mask)))
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
