package balancer

// describe is the state as `hald status` shows it.
func describe(services []*virtual, known *finds, checks func(checkID) CheckStatus, kernel *kernelView) []Status {
	all := make([]Status, 0, len(services))
	for _, v := range services {
		s, now := v.service, &v.state
		status := Status{
			Name: s.Name, Quorum: s.Quorum, HasQuorum: now.quorum == held, Sorry: now.sorry, Guarded: now.guarded,
			Error: kernel.errorOf(s.keys), Usage: kernel.usageOf(s.keys), RealServers: []ServerStatus{},
		}
		status.Addresses = s.Where()
		if s.given != nil {
			status.Discovery = find(s.given.Servers, known)
		}
		for j := range now.members {
			m := &now.members[j]
			configured := j < len(s.members)
			if m.place.sorry || !configured && !m.present {
				continue
			}
			server := ServerStatus{
				Name: m.name, Address: s.behind(m.place).String(), State: m.stateName(),
				EffectiveWeight: m.weight, Override: m.override, Usage: kernel.usage(s.keys, m.place), Checks: []CheckStatus{},
			}
			if !m.leaving {
				server.Since = m.since
			}
			if configured {
				server.Weight = s.members[j].weight
				for _, id := range s.members[j].probed() {
					server.Checks = append(server.Checks, checks(id))
				}
			}
			status.RealServers = append(status.RealServers, server)
		}
		all = append(all, status)
	}
	return all
}

// stateName is one of the states a server has in status: what the operator
// asked for comes before what the checks say.
func (m *memberState) stateName() string {
	switch {
	case m.leaving && m.present:
		return "draining"
	case m.leaving:
		return "disabled"
	}
	return m.verdict.String()
}

// find is what is known of the servers that are to be found.
func find(servers []Server, finds *finds) (all []Finding) {
	for _, m := range servers {
		if m.Find == nil {
			continue
		}
		f := finds.known[*m.Find]
		one := Finding{Server: m.Name, Source: m.Find.String(), Servers: len(f.servers), Addresses: []string{}, LastGood: f.good, Error: f.failure, KeepError: finds.trouble}
		for _, s := range f.servers {
			one.Addresses = append(one.Addresses, s.Where())
		}
		all = append(all, one)
	}
	return all
}
