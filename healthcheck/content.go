package healthcheck

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

var errTooLong = errors.New("body: above 1 MiB, too long for a sha256")

// content is the body of an answer, of which it keeps what an HTTP check looks at: for
// Expect and a weight the beginning, for SHA256 the sum.
type content struct {
	check  *HTTP
	size   int
	begin  []byte
	sum    hash.Hash
	weight Reading
}

// read takes a body as far as it is looked at, and judges it.
func (c *content) read(body io.Reader) error {
	for buffer := make([]byte, 8<<10); !c.enough(); {
		n, err := body.Read(buffer)
		c.keep(buffer[:n])
		switch {
		case err == io.EOF:
			return c.judge()
		case err != nil:
			return explain("body", err)
		}
	}
	return c.judge()
}

// keep takes the next bytes.
func (c *content) keep(b []byte) {
	if c.check.SHA256 != nil {
		if c.sum == nil {
			c.sum = sha256.New()
		}
		c.sum.Write(b)
	}
	if c.check.Expect != nil || c.check.WeightBody {
		c.begin = append(c.begin, b[:min(len(b), maxBody-len(c.begin))]...)
	}
	c.size += len(b)
}

// enough tells that nobody looks at what comes after.
func (c *content) enough() bool {
	return c.check.SHA256 == nil && c.size >= maxBody || c.size > maxWhole
}

// judge says what is wrong with the body, or else reads its weight, and forgets it.
func (c *content) judge() error {
	body, sum := c.begin, c.sum
	c.begin, c.sum = nil, nil
	if c.check.Expect != nil && !c.check.Expect.Match(body) {
		return fmt.Errorf("body does not match %q", clip(c.check.Expect.String()))
	}
	if c.check.WeightBody {
		c.weight = parseWeight("body", string(body))
	}
	if c.check.SHA256 == nil {
		return nil
	}
	if c.size > maxWhole {
		return errTooLong
	}
	if sum == nil {
		sum = sha256.New()
	}
	if got := sum.Sum(nil); !bytes.Equal(got, c.check.SHA256) {
		return fmt.Errorf("the sha256 of the body is %x", got)
	}
	return nil
}
