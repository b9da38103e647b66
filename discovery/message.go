package discovery

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// maxUDP is the largest answer that is asked for over UDP: what passes everywhere
// without fragments (DNS flag day 2020).
const maxUDP = 1232

// maxChain is how many CNAMEs are followed in one answer.
const maxChain = 8

// errTruncated asks for the same over TCP.
var errTruncated = errors.New("truncated")

// errForeign is for what is no answer to the question: late, or forged.
var errForeign = errors.New("an answer to another question")

// record is one of the records that were asked for.
type record struct {
	address  netip.Addr // of A and AAAA
	target   string     // of SRV
	port     uint16
	priority uint16
	weight   uint16
}

// question is a query in wire format (RFC 1035, 4.1; RFC 6891).
func question(id uint16, name string, kind dnsmessage.Type) ([]byte, error) {
	n, err := dnsmessage.NewName(absolute(name))
	if err != nil {
		return nil, fmt.Errorf("%s is not a DNS name: %w", name, err)
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id, RecursionDesired: true})
	b.EnableCompression()
	var option dnsmessage.ResourceHeader
	err = errors.Join(
		b.StartQuestions(),
		b.Question(dnsmessage.Question{Name: n, Type: kind, Class: dnsmessage.ClassINET}),
		b.StartAdditionals(),
		option.SetEDNS0(maxUDP, dnsmessage.RCodeSuccess, false),
		b.OPTResource(option, dnsmessage.OPTResource{}),
	)
	if err != nil {
		return nil, err
	}
	return b.Finish()
}

// answers are the records of an answer that belong to the question, by its chain of
// CNAMEs, and the shortest time to live on that way. No record of that kind is
// no error: the name may have others.
func answers(message []byte, id uint16, name string, kind dnsmessage.Type) ([]record, time.Duration, error) {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil {
		return nil, 0, fmt.Errorf("understand the answer: %w", err)
	}
	q, err := p.Question()
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("understand the answer: %w", err)
	case h.ID != id, !h.Response, q.Type != kind, !same(q.Name.String(), name):
		return nil, 0, errForeign
	case h.Truncated:
		return nil, 0, errTruncated
	case h.RCode != dnsmessage.RCodeSuccess:
		return nil, 0, fmt.Errorf("%s", rcode(h.RCode))
	}
	if err := p.SkipAllQuestions(); err != nil {
		return nil, 0, fmt.Errorf("understand the answer: %w", err)
	}
	all, err := p.AllAnswers()
	if err != nil {
		return nil, 0, fmt.Errorf("understand the answer: %w", err)
	}
	return follow(all, absolute(name), kind)
}

// follow walks from the name along its CNAMEs.
func follow(all []dnsmessage.Resource, at string, kind dnsmessage.Type) (found []record, ttl time.Duration, err error) {
	least := uint32(1<<32 - 1)
	for range maxChain {
		next := ""
		for _, r := range all {
			if !same(r.Header.Name.String(), at) || r.Header.Class != dnsmessage.ClassINET {
				continue
			}
			switch body := r.Body.(type) {
			case *dnsmessage.CNAMEResource:
				next = body.CNAME.String()
			case *dnsmessage.AResource:
				found = append(found, record{address: netip.AddrFrom4(body.A)})
			case *dnsmessage.AAAAResource:
				found = append(found, record{address: netip.AddrFrom16(body.AAAA)})
			case *dnsmessage.SRVResource:
				found = append(found, record{target: body.Target.String(), port: body.Port, priority: body.Priority, weight: body.Weight})
			default:
				continue
			}
			least = min(least, r.Header.TTL)
		}
		if len(found) > 0 || next == "" {
			return found, seconds(least), nil
		}
		at = next
	}
	return nil, 0, fmt.Errorf("more than %d CNAMEs", maxChain)
}

// seconds is a time to live; one with the top bit set is 0 (RFC 2181, 8).
func seconds(ttl uint32) time.Duration {
	if ttl > 1<<31-1 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}

func rcode(r dnsmessage.RCode) string {
	switch r {
	case dnsmessage.RCodeNameError:
		return "NXDOMAIN: there is no such name"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL: the name server could not find out"
	case dnsmessage.RCodeRefused:
		return "REFUSED: the name server does not answer us"
	}
	return strings.TrimPrefix(r.String(), "RCode")
}

// absolute is a name with its dot: search lists are for people.
func absolute(name string) string { return strings.TrimSuffix(name, ".") + "." }

func same(a, b string) bool { return strings.EqualFold(absolute(a), absolute(b)) }
