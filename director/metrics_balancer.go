package director

import (
	"fmt"

	"github.com/hald-project/hald/balancer"
)

var (
	serviceQuorum   = family("service_quorum", "1 while the service has its quorum.", "service")
	serviceSorry    = family("service_sorry", "1 while the sorry server is in use.", "service")
	serviceGuarded  = family("service_guarded", "Failed servers that the outlier guard keeps in.", "service")
	serviceError    = family("service_error", "1 while the kernel's table is not as it should be.", "service")
	serverUp        = family("real_server_up", "1 while the checks of the server pass.", "service", "server")
	serverWeight    = family("real_server_weight", "Weight in force, 0 while the server gets no new connections.", "service", "server")
	serverBase      = family("real_server_configured_weight", "Weight without what checks, slow start and operators make of it.", "service", "server")
	checkDuration   = family("check_duration_seconds", "How long the last probe took.", "service", "server", "check")
	checkFailures   = family("check_failures_total", "Probes that failed.", "service", "server", "check")
	ipvsConnections = family("ipvs_connections", "Connections by state: active is established, inactive any other.", "service", "server", "state")
	ipvsOpened      = family("ipvs_connections_total", "Connections, as the kernel counts them.", "service", "server")
	ipvsPackets     = family("ipvs_packets_total", "Packets, as the kernel counts them; with DR and TUN it sees those of clients alone.", "service", "server", "direction")
	ipvsBytes       = family("ipvs_bytes_total", "Bytes, as the kernel counts them; with DR and TUN it sees those of clients alone.", "service", "server", "direction")
	ipvsOperations  = family("ipvs_operations_total", "Changes of the kernel's table; a failure counts once, not at each retry.", "op", "result")
	ipvsDrift       = family("ipvs_drift_total", "How often somebody else had changed what is ours in the kernel's table.")
)

// The metrics of a service's servers carry no addresses: a name is stable where
// addresses come and go. What is left of a server of the same name is not told of.
func (s sample) service(v balancer.Status) {
	s.gauge(serviceQuorum, truth(v.HasQuorum), v.Name)
	s.gauge(serviceSorry, truth(v.Sorry), v.Name)
	s.gauge(serviceGuarded, float64(v.Guarded), v.Name)
	s.gauge(serviceError, truth(v.Error != ""), v.Name)
	told := make(map[string]bool, len(v.RealServers))
	for _, r := range v.RealServers {
		if !told[r.Name] {
			told[r.Name] = true
			s.server(v.Name, r)
		}
	}
}

func (s sample) server(service string, r balancer.ServerStatus) {
	s.gauge(serverUp, truth(r.State == "up"), service, r.Name)
	s.gauge(serverWeight, float64(r.EffectiveWeight), service, r.Name)
	s.gauge(serverBase, float64(r.Weight), service, r.Name)
	s.gauge(ipvsConnections, float64(r.Active), service, r.Name, "active")
	s.gauge(ipvsConnections, float64(r.Inactive), service, r.Name, "inactive")
	s.counter(ipvsOpened, float64(r.Traffic.Connections), service, r.Name)
	s.counter(ipvsPackets, float64(r.Traffic.PacketsIn), service, r.Name, "in")
	s.counter(ipvsPackets, float64(r.Traffic.PacketsOut), service, r.Name, "out")
	s.counter(ipvsBytes, float64(r.Traffic.BytesIn), service, r.Name, "in")
	s.counter(ipvsBytes, float64(r.Traffic.BytesOut), service, r.Name, "out")
	seen := map[string]int{}
	for _, c := range r.Checks {
		kind := c.Kind
		if seen[kind]++; seen[kind] > 1 {
			kind = fmt.Sprintf("%s#%d", kind, seen[kind])
		}
		s.gauge(checkDuration, c.LatencyMS/1000, service, r.Name, kind)
		s.counter(checkFailures, float64(c.Failures), service, r.Name, kind)
	}
}

func (s sample) kernel(o balancer.Operations) {
	s.counter(ipvsOperations, float64(o.Adds), "add", "ok")
	s.counter(ipvsOperations, float64(o.Updates), "update", "ok")
	s.counter(ipvsOperations, float64(o.Deletes), "delete", "ok")
	s.counter(ipvsOperations, float64(o.Repairs), "repair", "ok")
	s.counter(ipvsOperations, float64(o.Failures), "any", "error")
	s.counter(ipvsDrift, float64(o.Drifts))
}
