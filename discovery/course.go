package discovery

import "time"

const (
	soonest    = time.Second // after an answer, whatever its time to live
	latest     = time.Hour
	firstRetry = 2 * time.Second // after a failure, then twice as long each time
	lastRetry  = time.Minute
	look       = 10 * time.Second // at a file, should its watch have missed something
)

// course decides when a source is asked again.
type course struct{ failures int }

// after is how long to wait after an answer.
func (c *course) after(kind string, a Answer) time.Duration {
	switch {
	case kind == File:
		return look
	case a.Err != nil:
		c.failures++
		return min(firstRetry<<min(c.failures-1, 10), lastRetry)
	}
	c.failures = 0
	return min(max(a.TTL, soonest), latest)
}
