package director

import (
	"net/netip"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/election"
)

// ElectionConfig is the election's part of the configuration.
func ElectionConfig(c *config.Config) election.Config {
	var part election.Config
	for _, i := range c.Instances {
		var keys []election.Key
		for _, k := range i.Keys {
			keys = append(keys, election.Key{ID: k.ID, Secret: []byte(k.Secret)})
		}
		part.Instances = append(part.Instances, election.Instance{
			Name:         i.Name,
			Interface:    i.Interface,
			VirtualMAC:   i.VirtualMAC,
			Version:      i.Version,
			VRID:         i.VRID,
			Priority:     i.Priority,
			Interval:     i.Interval,
			Addresses:    virtualAddresses(i.Addresses),
			Routes:       virtualRoutes(i.Routes),
			Rules:        virtualRules(i.Rules),
			NoPreempt:    i.NoPreempt,
			NoAccept:     i.NoAccept,
			PreemptDelay: i.PreemptDelay,
			StartDelay:   i.StartDelay,
			Peers:        i.Peers,
			Routers:      others(c),
			Hold:         i.OnConflict == "hold",
			Concede:      i.OnSplit == "yield",
			Password:     i.Password,
			Keys:         keys,
			Lenient:      i.Lenient,
			Source:       i.SourceAddress,
			Checksum:     i.Checksum,
			Lease:        i.Lease,
			Announce:     election.Announce(i.Announce),
			Trackers:     weighed(i.Trackers),
		})
	}
	for _, g := range c.Groups {
		part.Groups = append(part.Groups, election.Group(g))
	}
	return part
}

// others are the other directors' own addresses, as far as the configuration has them.
func others(c *config.Config) (list []netip.Addr) {
	for _, d := range c.Directors {
		if d.Name != c.Director.Name && d.Address.IsValid() {
			list = append(list, d.Address)
		}
	}
	return list
}

// weighed are an instance's trackers as the election weighs them.
func weighed(trackers []config.Tracker) (list []election.Tracker) {
	for _, t := range trackers {
		list = append(list, election.Tracker{Kind: t.Kind, Name: t.Name, Weight: t.Weight})
	}
	return list
}

// probed are the trackers that the balancer judges: all but interfaces.
func probed(instances []config.Instance) (list []balancer.Tracker) {
	for _, i := range instances {
		for _, t := range i.Trackers {
			part := balancer.Tracker{Instance: i.Name, Kind: t.Kind, Name: t.Name}
			switch t.Kind {
			case "interface":
				continue
			case "virtual_server":
			default:
				probe := check(t.Check)
				probe.Command, probe.File, probe.Zero = t.Command, t.Path, false
				if t.Kind == "process" {
					probe.Process = t.Name
				}
				part.Check = &probe
			}
			list = append(list, part)
		}
	}
	return list
}

func virtualAddresses(addresses []config.Address) (list []election.Address) {
	for _, a := range addresses {
		list = append(list, election.Address(a))
	}
	return list
}

func virtualRoutes(routes []config.Route) (list []election.Route) {
	for _, r := range routes {
		list = append(list, election.Route(r))
	}
	return list
}

func virtualRules(rules []config.Rule) (list []election.Rule) {
	for _, r := range rules {
		list = append(list, election.Rule(r))
	}
	return list
}

// BalancerConfig is the balancer's part of the configuration. Record is the
// path of the ownership record, found
// that of the servers last found.
func BalancerConfig(c *config.Config, record, found string) balancer.Config {
	part := frame(c, record, found)
	part.Services = services(c.Services)
	return part
}

func services(all []config.Service) []balancer.Service {
	list := make([]balancer.Service, 0, len(all))
	for _, s := range all {
		list = append(list, service(s))
	}
	return list
}

// frame is BalancerConfig without the services.
func frame(c *config.Config, record, found string) balancer.Config {
	part := balancer.Config{
		TCPTimeout:    c.IPVS.TCPTimeout,
		TCPFinTimeout: c.IPVS.TCPFinTimeout,
		UDPTimeout:    c.IPVS.UDPTimeout,
		ClearOnStop:   c.IPVS.ClearOnStop,
		Sysctls:       sysctls(c.IPVS),
		Record:        record,
		Found:         found,
		Trackers:      probed(c.Instances),
	}
	if s := c.IPVS.Sync; s != nil {
		part.Sync = &balancer.Sync{Instance: s.Instance, Interface: s.Interface, ID: s.ID}
	}
	return part
}

func service(s config.Service) balancer.Service {
	part := balancer.Service{
		Name:               s.Name,
		Addresses:          s.Addresses,
		Mark:               s.Mark,
		IPv6:               s.IPv6,
		Protocol:           s.Protocol,
		Scheduler:          s.Scheduler,
		SchedulerFlags:     s.SchedulerFlags,
		OnePacket:          s.OnePacket,
		Persistence:        s.Persistence,
		PersistenceNetmask: s.PersistenceNetmask,
		PersistenceEngine:  s.PersistenceEngine,
		Quorum:             s.Quorum,
		Hysteresis:         s.Hysteresis,
		MaxFailed:          s.MaxFailed,
		SlowStart:          s.SlowStart,
		OnFail:             s.OnFail,
		Drain:              s.Drain,
		Initial:            s.Initial,
	}
	part.Servers = make([]balancer.Server, 0, len(s.Servers))
	var aims aims
	for _, r := range s.Servers {
		part.Servers = append(part.Servers, server(r, aims.of(s, r)))
	}
	if s.Sorry != nil {
		sorry := server(*s.Sorry, aims.of(s, *s.Sorry))
		part.Sorry = &sorry
	}
	return part
}

func server(s config.Server, checks []balancer.Check) balancer.Server {
	part := balancer.Server{
		Name:       s.Name,
		Address:    s.Address,
		Forwarding: s.Forwarding,
		Tunnel:     balancer.Tunnel(s.Tunnel),
		Weight:     s.Weight,
		Upper:      s.UpperThreshold,
		Lower:      s.LowerThreshold,
		Disabled:   s.Disabled,
		Checks:     checks,
	}
	if s.Find != nil {
		part.Find = &balancer.Source{Kind: s.Find.Kind, Name: s.Find.Name, IPv4: s.Find.IPv4, IPv6: s.Find.IPv6, Port: s.Find.Port}
	}
	return part
}

func check(c config.Check) balancer.Check {
	part := balancer.Check{
		Kind:         c.Kind,
		Target:       c.Target,
		Source:       c.Source,
		Mark:         c.Mark,
		Interval:     c.Interval,
		Timeout:      c.Timeout,
		FastInterval: c.FastInterval,
		Fall:         c.Fall,
		Rise:         c.Rise,
		Method:       c.HTTP.Method,
		Path:         c.HTTP.Path,
		Host:         c.HTTP.Host,
		Headers:      c.HTTP.Headers,
		Body:         c.HTTP.Body,
		Expect:       c.HTTP.Expect,
		SHA256:       c.HTTP.SHA256,
		Follow:       c.HTTP.Follow,
		HTTP2:        c.HTTP.HTTP2,
		WeightHeader: c.HTTP.WeightHeader,
		WeightBody:   c.HTTP.WeightBody,
		Service:      c.GRPC.Service,
		Command:      c.Command,
		User:         c.User,
		Weighs:       c.Weighs,
		Send:         c.Send,
		Helo:         c.SMTP.Helo,
		StartTLS:     c.SMTP.StartTLS,
		Size:         c.Size,
		File:         c.Path,
		Zero:         c.Kind == "file",
	}
	switch c.Kind {
	case "tcp", "udp":
		part.Expect = c.Expect
	case "dns":
		part.Expect = c.DNS.Expect
		part.DNS = &balancer.DNS{Name: c.DNS.Name, Type: c.DNS.Type, RCode: c.DNS.RCode, TCP: c.DNS.TCP}
	}
	if c.Kind == "https" || c.Kind == "tls" || c.GRPC.TLS {
		secure := balancer.TLS(c.TLS)
		part.TLS = &secure
	}
	for _, r := range c.HTTP.Status {
		part.Status = append(part.Status, [2]int{r.From, r.To})
	}
	return part
}
