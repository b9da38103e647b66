package healthcheck

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// DNS asks a name server one question, over UDP or TCP. Healthy is an answer to this
// question with the wanted rcode and, with Expect, such a record.
type DNS struct {
	Target netip.AddrPort
	Way    Way
	Name   string // with or without the last dot
	Type   dnsmessage.Type
	RCode  dnsmessage.RCode
	Expect string // the data of a record of the answer, as [Data] writes it; empty: any answer or none
	TCP    bool

	dial dialFunc // nil: the system's
}

// maxStrays is how many datagrams that are no answers to a question are passed over.
const maxStrays = 64

// Check asks once, with a random id and from a port of its own.
func (c *DNS) Check(ctx context.Context) error {
	var random [2]byte
	rand.Read(random[:])
	id := binary.BigEndian.Uint16(random[:])
	query, err := c.query(id)
	if err != nil {
		return fmt.Errorf("build question: %w", err)
	}
	network := "udp"
	if c.TCP {
		network = "tcp"
		query = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	}
	conn, hangUp, err := c.Way.through(c.dial).to(ctx, network, c.Target)
	if err != nil {
		return err
	}
	defer hangUp()
	if _, err := conn.Write(query); err != nil {
		return unreachable("send", err)
	}
	buffer := make([]byte, 64<<10)
	for strays := 0; ; strays++ {
		answer, err := c.receive(conn, buffer)
		if err != nil {
			return unreachable("answer", err)
		}
		var m dnsmessage.Message
		stray := c.parse(&m, answer, id)
		switch {
		case stray == nil:
			return c.judge(&m)
		case c.TCP || strays == maxStrays: // over UDP the true answer may still come
			return fmt.Errorf("answer: %w", stray)
		}
	}
}

func (c *DNS) receive(conn io.Reader, buffer []byte) ([]byte, error) {
	if !c.TCP {
		n, err := conn.Read(buffer)
		return buffer[:n], err
	}
	if _, err := io.ReadFull(conn, buffer[:2]); err != nil {
		return nil, err
	}
	n, err := io.ReadFull(conn, buffer[:binary.BigEndian.Uint16(buffer)])
	return buffer[:n], err
}

func (c *DNS) query(id uint16) ([]byte, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(c.Name, ".") + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: c.Type, Class: dnsmessage.ClassINET}},
	}
	return m.Pack()
}

// parse tells why a message is no answer to the question.
func (c *DNS) parse(m *dnsmessage.Message, b []byte, id uint16) error {
	err := m.Unpack(b)
	switch {
	case err != nil:
		return errors.New("malformed message")
	case !m.Response || m.ID != id:
		return errors.New("the id is not that of the question")
	case len(m.Questions) == 0 && m.RCode != dnsmessage.RCodeSuccess: // a refusal may leave it out
		return nil
	case len(m.Questions) != 1 || m.Questions[0].Type != c.Type || !strings.EqualFold(m.Questions[0].Name.String(), strings.TrimSuffix(c.Name, ".")+"."):
		return errors.New("it answers another question")
	}
	return nil
}

// wants compares the data of records; case and last dots of names do not matter.
func (c *DNS) wants(data string) bool {
	if c.Type == dnsmessage.TypeTXT {
		return data == c.Expect
	}
	return strings.EqualFold(strings.TrimSuffix(data, "."), strings.TrimSuffix(c.Expect, "."))
}

// judge judges an answer to the question.
func (c *DNS) judge(m *dnsmessage.Message) error {
	if m.RCode != c.RCode {
		return fmt.Errorf("rcode %s, not %s", RCodeName(m.RCode), RCodeName(c.RCode))
	}
	if c.Expect == "" {
		return nil
	}
	var got []string
	for _, r := range m.Answers {
		if r.Header.Type == c.Type {
			got = append(got, Data(r.Body))
		}
	}
	switch {
	case slices.ContainsFunc(got, func(s string) bool { return c.wants(s) }):
		return nil
	case m.Truncated:
		return errors.New("answer: truncated; ask with transport = \"tcp\"")
	case len(got) == 0:
		return fmt.Errorf("answer: without a record, not %q", c.Expect)
	}
	return fmt.Errorf("answer: %s, not %q", clip(fmt.Sprintf("%q", got)), c.Expect)
}
