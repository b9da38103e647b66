package healthcheck

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// weightIn is the weight that the header of an answer says.
func (c *HTTP) weightIn(header http.Header) Reading {
	if c.WeightHeader == "" {
		return Reading{}
	}
	said := header.Values(c.WeightHeader)
	switch len(said) {
	case 0:
		return Reading{Wrong: fmt.Sprintf("the answer has no header %s", c.WeightHeader)}
	case 1:
		return parseWeight("header "+c.WeightHeader, said[0])
	}
	return Reading{Wrong: fmt.Sprintf("the answer has %d headers %s", len(said), c.WeightHeader)}
}

// parseWeight reads a weight as IPVS has them.
func parseWeight(where, text string) Reading {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	if err != nil {
		return Reading{Wrong: fmt.Sprintf("%s: %q is not a number from 0 to 65535", where, clip(text))}
	}
	return found(int(n))
}
