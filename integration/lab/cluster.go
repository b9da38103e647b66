//go:build linux

package lab

import (
	"fmt"
	"strings"
	"time"
)

// Cluster is what the directors are told to be, whatever daemon they run. The
// zero value is a usable cluster without services.
type Cluster struct {
	Interval  time.Duration  // of advertisement; 0: 1 s
	Priority  map[string]int // by director; nil: lb1 150, lb2 100
	NoPreempt bool
	Lease     time.Duration // hald's address_lease; 0: its own choice
	Virtual   bool          // the VIP has the virtual router's MAC
	Key       string        // hald's adverts are signed with it; empty: they are not
	Services  []Service
	Check     Check
}

// Service is one virtual server on a port of the VIP.
type Service struct {
	Name      string
	Port      int
	Scheduler string // empty: rr
	Servers   []RealServer
}

// Check is the health check of every real server: HTTP on /healthz.
type Check struct {
	Interval, Timeout time.Duration // 0: 1 s and 500 ms
	Fall, Rise        int           // 0: 2 and 1
}

// VRID is the virtual router of the lab.
const VRID = 51

// Mixed is the service on PortMixed with all three real servers.
var Mixed = Service{Name: "mixed", Port: PortMixed, Servers: RealServers}

// EachMethod is a service for each forwarding method, on its port, with the one
// real server of that method.
var EachMethod = []Service{
	{Name: "dr", Port: PortDR, Servers: RealServers[0:1]},
	{Name: "nat", Port: PortNAT, Servers: RealServers[1:2]},
	{Name: "tun", Port: PortTUN, Servers: RealServers[2:3]},
}

// withDefaults fills in what was left out.
func (c Cluster) withDefaults() Cluster {
	if c.Interval == 0 {
		c.Interval = time.Second
	}
	if c.Priority == nil {
		c.Priority = map[string]int{"lb1": 150, "lb2": 100}
	}
	if c.Check.Interval == 0 {
		c.Check.Interval = time.Second
	}
	if c.Check.Timeout == 0 {
		c.Check.Timeout = 500 * time.Millisecond
	}
	if c.Check.Fall == 0 {
		c.Check.Fall = 2
	}
	if c.Check.Rise == 0 {
		c.Check.Rise = 1
	}
	for i, s := range c.Services {
		if s.Scheduler == "" {
			c.Services[i].Scheduler = "rr"
		}
	}
	return c
}

// SkewTime is a director's Skew_Time (RFC 9568, 6.1).
func (c Cluster) SkewTime(director string) time.Duration {
	c = c.withDefaults()
	return c.Interval * time.Duration(256-c.Priority[director]) / 256
}

// DownInterval is a director's Active_Down_Interval (RFC 9568, 6.1): how long
// after the last advert it takes over.
func (c Cluster) DownInterval(director string) time.Duration {
	return 3*c.withDefaults().Interval + c.SkewTime(director)
}

// hald is the cluster in hald's language: one text for both directors.
func (c Cluster) hald() string {
	c = c.withDefaults()
	lease := "auto"
	if c.Lease != 0 {
		lease = c.Lease.String()
	}
	var b strings.Builder
	b.WriteString("cluster \"lab\" {\n")
	for _, d := range Directors {
		fmt.Fprintf(&b, "  director %q {\n    address = %q\n  }\n", d, DirectorAddress[d].Addr())
	}
	fmt.Fprintf(&b, `}

vrrp_instance "lab" {
  interface              = %q
  virtual_router_id      = %d
  priority               = { lb1 = %d, lb2 = %d }
  preempt                = %t
  advertisement_interval = %q
  virtual_addresses      = [%q, %q]
  address_lease          = %q
`, Interface, VRID, c.Priority["lb1"], c.Priority["lb2"], !c.NoPreempt, c.Interval, VIP, Gateway, lease)
	if c.Virtual {
		b.WriteString("  virtual_mac            = true\n")
	}
	if c.Key != "" {
		fmt.Fprintf(&b, "  authentication {\n    type = \"hmac-sha256\"\n    key  = %q\n  }\n", c.Key)
	}
	b.WriteString("}\n")
	for _, s := range c.Services {
		fmt.Fprintf(&b, `
virtual_server %q {
  addresses  = ["%v:%d"]
  protocol   = "tcp"
  scheduler  = %q
  forwarding = %q

  check "http" {
    path     = "/healthz"
    interval = %q
    timeout  = %q
    fall     = %d
    rise     = %d
  }
`, s.Name, VIP.Addr(), s.Port, s.Scheduler, s.Servers[0].Forwarding,
			c.Check.Interval, c.Check.Timeout, c.Check.Fall, c.Check.Rise)
		for _, rs := range s.Servers {
			fmt.Fprintf(&b, "\n  real_server %q {\n    address = %q\n", rs.Name, rs.Address.Addr())
			if rs.Forwarding != s.Servers[0].Forwarding {
				fmt.Fprintf(&b, "    forwarding = %q\n", rs.Forwarding)
			}
			b.WriteString("  }\n")
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// keepalived is the cluster as keepalived knows it: one text for each director.
func (c Cluster) keepalived(director string) string {
	c = c.withDefaults()
	var b strings.Builder
	options := ""
	if c.NoPreempt {
		options = "    nopreempt\n"
	}
	if c.Virtual {
		options += "    use_vmac\n"
	}
	fmt.Fprintf(&b, `global_defs {
    router_id %s
    enable_script_security
    script_user root
    vrrp_version 3
}

vrrp_instance lab {
    state BACKUP
    interface %s
    virtual_router_id %d
    priority %d
    advert_int %g
%s    virtual_ipaddress {
        %v
        %v
    }
}
`, director, Interface, VRID, c.Priority[director], c.Interval.Seconds(), options, VIP, Gateway)
	for _, s := range c.Services {
		fmt.Fprintf(&b, `
virtual_server %v %d {
    lvs_sched %s
    lvs_method %s
    protocol TCP
`, VIP.Addr(), s.Port, s.Scheduler, strings.ToUpper(string(s.Servers[0].Forwarding)))
		for _, rs := range s.Servers {
			fmt.Fprintf(&b, `    real_server %v %d {
        lvs_method %s
        HTTP_GET {
            url {
                path /healthz
                status_code 200
            }
            connect_timeout %g
            delay_loop %g
            retry %d
            delay_before_retry %g
        }
    }
`, rs.Address.Addr(), s.Port, strings.ToUpper(string(rs.Forwarding)),
				c.Check.Timeout.Seconds(), c.Check.Interval.Seconds(), c.Check.Fall-1, c.Check.Interval.Seconds())
		}
		b.WriteString("}\n")
	}
	return b.String()
}
