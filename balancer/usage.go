package balancer

import (
	"github.com/hald-project/hald/ipvsctl"
)

// Usage is what the kernel counted of a service, or of a server in it, when its
// table was last read: at most three seconds ago. A service with several addresses has
// the sum. Zeros are left out: ten thousand idle servers would have fifty thousand
// of them every second.
type Usage struct {
	Active     uint64         `json:"active_connections,omitzero"`     // established
	Inactive   uint64         `json:"inactive_connections,omitzero"`   // in all other states
	Persistent uint64         `json:"persistent_connections,omitzero"` // clients that stay with a server
	Traffic    ipvsctl.Counts `json:"traffic,omitzero"`                // since it came into the table, or somebody's `ipvsadm -Z`
	PerSecond  ipvsctl.Counts `json:"traffic_per_s,omitzero"`          // the kernel's average over some eight seconds
}

// usage is that of the destination that a server has behind each of the keys.
func (k *kernelView) usage(keys []ipvsctl.Key, of place) (sum Usage) {
	for _, key := range keys {
		d := ipvsctl.DestinationKey{Service: key, Address: of.behind(key)}
		sum.count(k.last.Connections[d], k.last.Traffic[d])
	}
	return sum
}

// usageOf is that of a service: the connections of all its destinations, the
// sorry server's too, and its own counters, which a server that goes takes nothing from.
func (k *kernelView) usageOf(keys []ipvsctl.Key) (sum Usage) {
	for _, key := range keys {
		sum.count(ipvsctl.Connections{}, k.last.Traffic[ipvsctl.DestinationKey{Service: key}])
		of, _ := k.last.Find(key)
		for _, d := range of.Destinations {
			sum.count(k.last.Connections[ipvsctl.DestinationKey{Service: key, Address: d.Address}], ipvsctl.Traffic{})
		}
	}
	return sum
}

func (u *Usage) count(c ipvsctl.Connections, t ipvsctl.Traffic) {
	u.Active += uint64(c.Active)
	u.Inactive += uint64(c.Inactive)
	u.Persistent += uint64(c.Persistent)
	u.Traffic, u.PerSecond = u.Traffic.Plus(t.Total), u.PerSecond.Plus(t.PerSecond)
}
