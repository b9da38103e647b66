package ipvsctl

// Traffic is what the kernel counted of a service or of one of its destinations
// (struct ip_vs_kstats), 64 bits wide from Linux 4.1 on and nothing before. The
// totals begin where it was made, or where somebody zeroed them (`ipvsadm -Z`);
// a destination that is deleted and comes back soon goes on counting.
type Traffic struct {
	Total     Counts
	PerSecond Counts // the kernel's average, taken every 2 s, over some 8 s (ip_vs_est.c)
}

// Counts are the kernel's five. What goes out is seen with NAT alone: in the
// other methods the answers do not come by.
type Counts struct {
	Connections uint64 `json:"connections"` // scheduled
	PacketsIn   uint64 `json:"packets_in"`  // from clients
	PacketsOut  uint64 `json:"packets_out"` // to clients
	BytesIn     uint64 `json:"bytes_in"`
	BytesOut    uint64 `json:"bytes_out"`
}

// Plus is the sum of both.
func (c Counts) Plus(d Counts) Counts {
	c.Connections += d.Connections
	c.PacketsIn += d.PacketsIn
	c.PacketsOut += d.PacketsOut
	c.BytesIn += d.BytesIn
	c.BytesOut += d.BytesOut
	return c
}

// field is where IPVS_STATS_ATTR_* of linux/ip_vs.h is kept: first the totals, then in
// the same order the averages; nil for one of no interest.
func (t *Traffic) field(kind uint16) *uint64 {
	const counts = 5
	if kind > counts {
		return t.PerSecond.field(kind - counts)
	}
	return t.Total.field(kind)
}

func (c *Counts) field(n uint16) *uint64 {
	switch n {
	case 1:
		return &c.Connections
	case 2:
		return &c.PacketsIn
	case 3:
		return &c.PacketsOut
	case 4:
		return &c.BytesIn
	case 5:
		return &c.BytesOut
	}
	return nil
}

func decodeTraffic(b []byte) (t Traffic) {
	for kind, v := range all(b) {
		if to := t.field(kind); to != nil {
			*to = v.uint64()
		}
	}
	return t
}
