package config

import "time"

// maxKernelTimeout is what ip_vs_set_timeout accepts at every tick rate:
// INT_MAX ticks of 1 ms (net/netfilter/ipvs/ip_vs_ctl.c).
const maxKernelTimeout = 596 * time.Hour

func (r *reader) readIPVS(root *block) IPVS {
	b := root.only("ipvs")
	timeouts := b.only("timeouts")
	timeout := func(name string) time.Duration {
		return read(r, timeouts, name, duration(time.Second, maxKernelTimeout, time.Second)).value
	}
	return IPVS{
		TCPTimeout:    timeout("tcp"),
		TCPFinTimeout: timeout("tcp_fin"),
		UDPTimeout:    timeout("udp"),
		ClearOnStop:   read(r, b, "clear_on_stop", boolean).value,
	}
}
