package config

import "fmt"

// readWeigher reads how the answer to a check "http" or "https" of a server says its weight.
func (r *reader) readWeigher(b *block, c *Check) {
	header, body := read(r, b, "weight_header", answeredHeader), read(r, b, "weight_body", boolean)
	c.HTTP.WeightHeader, c.HTTP.WeightBody = header.value, body.value
	c.Weighs = header.given || body.value
	switch {
	case header.given && body.value:
		r.fail(body.at, "Two places for a weight", fmt.Sprintf("weight_header says already where the weight is: %s has it in one place. Remove one of them.", b.title()))
	case body.value:
		if summary, why := c.HTTP.bodiless(); summary != "" {
			r.fail(body.at, summary, why+", or have a header say the weight.")
		}
	}
}

func answeredHeader(v value) (string, error) {
	s, err := text(v)
	if err == nil && !token.MatchString(s) {
		return "", complain("%s is not a header name.", v)
	}
	return s, err
}

// weigher is the attribute by which a check gives a weight.
func (c Check) weigher() string {
	switch {
	case c.HTTP.WeightHeader != "":
		return "weight_header"
	case c.HTTP.WeightBody:
		return "weight_body"
	}
	return "dynamic_weight"
}
