package config

import (
	"fmt"
	"strings"
)

// namesBrought is how many addresses or servers a line of a plan names.
const namesBrought = 8

// brings is what comes or goes with an object as a whole: an instance's addresses and where they
// are, a service's addresses and servers. Of other objects their name says it.
func brings(object any) string {
	switch o := object.(type) {
	case Instance:
		var addresses []string
		for _, a := range o.Addresses {
			addresses = append(addresses, a.Prefix.String())
		}
		if len(addresses) == 0 {
			return "on " + o.Interface
		}
		return few(addresses) + " on " + o.Interface
	case Service:
		var addresses, servers []string
		for _, a := range o.Addresses {
			addresses = append(addresses, a.String())
		}
		if len(addresses) == 0 {
			addresses = []string{fmt.Sprintf("fwmark %d", o.Mark)}
		}
		for _, s := range o.Servers {
			servers = append(servers, s.Name)
		}
		if len(servers) == 0 {
			return few(addresses)
		}
		return few(addresses) + " to " + few(servers)
	}
	return ""
}

// few is a list in words, not all of it where it is long.
func few(names []string) string {
	if more := len(names) - namesBrought; more > 0 {
		names = append(names[:namesBrought:namesBrought], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
