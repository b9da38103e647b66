package main

import "github.com/hald-project/hald/balancer"

// findings is what stands behind the servers that are found: empty where none are.
func (p painter) findings(services []balancer.Status) string {
	t := table{colour: p.colour}
	for _, s := range services {
		for _, f := range s.Discovery {
			if t.rows == nil {
				t.row(heading("SOURCE", "SERVICE", "SERVER", "FOUND", "LAST GOOD", "ADDRESSES", "WHY")...)
			}
			t.row(plain(f.Source), plain(s.Name), plain(f.Server), number(f.Servers), plain(p.lastGood(f)), plain(addresses(f.Addresses)), lacking(f))
		}
	}
	if t.rows == nil {
		return ""
	}
	return "\n" + t.String()
}

// lastGood is how old the last good answer is.
func (p painter) lastGood(f balancer.Finding) string {
	if f.LastGood.IsZero() && f.Servers > 0 {
		return "before start"
	}
	return p.since(f.LastGood)
}

// lacking is why what was found may be out of date, or lost with a restart.
func lacking(f balancer.Finding) cell {
	switch {
	case f.Error != "":
		return cell{f.Error, red}
	case f.KeepError != "":
		return cell{"would not survive a restart: " + f.KeepError, yellow}
	}
	return cell{}
}
