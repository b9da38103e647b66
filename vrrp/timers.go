package vrrp

import "time"

// SkewTime is ((256 − priority) × interval) / 256: how much longer a router of
// lower priority waits, so that the highest one claims first (RFC 9568, 6.1).
// interval is the master's; in version 2 the skew is a part of a second, whatever
// the interval (RFC 3768, 6.1).
func SkewTime(version, priority uint8, interval time.Duration) time.Duration {
	if version == 2 {
		interval = time.Second
	}
	return time.Duration(256-int(priority)) * interval / 256
}

// DownInterval is 3 × interval + SkewTime: how long a backup of that priority
// waits for an advertisement before it calls the master dead (RFC 9568, 6.1,
// Active_Down_Interval). interval is the master's.
func DownInterval(version, priority uint8, interval time.Duration) time.Duration {
	return 3*interval + SkewTime(version, priority, interval)
}
