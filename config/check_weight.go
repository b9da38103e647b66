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
	case body.value && c.HTTP.Method == "HEAD":
		r.fail(body.at, "Body of an answer to HEAD", "The answer to HEAD has no body to look at: ask with another method, or have a header say the weight.")
	case body.value && c.HTTP.bodiless():
		r.fail(body.at, "Body of an answer without one", "Answers of this status have no body to look at: accept others, or have a header say the weight.")
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
