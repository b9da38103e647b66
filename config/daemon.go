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

func (r *reader) readLog(root *block) Log {
	b := root.only("log")
	return Log{
		Level:  read(r, b, "level", oneOf([]string{"debug", "info", "warn", "error"})).or("info").value,
		Format: read(r, b, "format", oneOf([]string{"json", "console"})).value,
	}
}

func (r *reader) readAdmin(root *block) Admin {
	b := root.only("admin")
	return Admin{
		Socket:      read(r, b, "socket", socketPath).value,
		SocketGroup: read(r, b, "socket_group", filled).value,
		SocketMode:  read(r, b, "socket_mode", fileMode).or(0o660).value,
	}
}
