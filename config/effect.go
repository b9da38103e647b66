package config

import "reflect"

// blocks are the types that are objects of their own in a plan: the name of the
// block, and the field that tells one from another. All others are attributes of
// what they are in.
var blocks = map[reflect.Type]struct{ name, key string }{
	reflect.TypeFor[Instance]():  {"vrrp_instance", "Name"},
	reflect.TypeFor[SyncGroup](): {"vrrp_sync_group", "Name"},
	reflect.TypeFor[Address]():   {"virtual_address", "Prefix"},
	reflect.TypeFor[Route]():     {"virtual_route", "Destination"},
	reflect.TypeFor[Rule]():      {"virtual_rule", "Priority"},
	reflect.TypeFor[Tracker]():   {"track", "Name"},
	reflect.TypeFor[Service]():   {"virtual_server", "Name"},
	reflect.TypeFor[Server]():    {"real_server", "Name"},
	reflect.TypeFor[Check]():     {"check", "Kind"},
	reflect.TypeFor[Director]():  {"director", "Name"},
	reflect.TypeFor[IPVS]():      {"ipvs", ""},
	reflect.TypeFor[Sync]():      {"connection_sync", ""},
	reflect.TypeFor[Notifier]():  {"notify", "Name"},
	reflect.TypeFor[Log]():       {"log", ""},
	reflect.TypeFor[Admin]():     {"admin", ""},
}

// effects say what a change of a field needs, where that is not InPlace for all
// fields of its type. TestEveryFieldHasAnEffect fails for one that is missing. The
// balancer makes everything in place: it is made equal to what is wanted.
var effects = map[string]string{
	"Config.Cluster": InPlace, "Config.Director": InPlace, "Config.Directors": InPlace, "Config.Instances": InPlace,
	"Config.Groups": InPlace, "Config.Services": InPlace, "Config.IPVS": InPlace, "Config.Notifiers": InPlace, "Config.Log": InPlace, "Config.Admin": InPlace,
	"Config.Hash": unplanned,

	"Instance.Name": InPlace, "Instance.Priority": InPlace, "Instance.NoPreempt": InPlace, "Instance.PreemptDelay": InPlace,
	"Instance.Trackers": InPlace, "Instance.OnConflict": InPlace, "Instance.OnSplit": InPlace,
	"Instance.Interface": Anew, "Instance.Version": Anew, "Instance.VRID": Anew, "Instance.Interval": Anew, "Instance.StartDelay": Anew,
	"Instance.Addresses": InPlace, "Instance.Routes": InPlace, "Instance.Announce": InPlace, "Instance.Rules": InPlace, "Instance.VirtualMAC": Anew, "Instance.NoAccept": Anew, "Instance.Peers": Anew,
	"Instance.Password": InPlace, "Instance.Keys": InPlace, "Instance.Lenient": InPlace, "Instance.Lease": InPlace,
	"Instance.SourceAddress": Anew, "Instance.Checksum": Anew,

	"SyncGroup.Name": Anew, "SyncGroup.Members": Anew,

	"Log.Level": InPlace, "Log.Format": NextStart,
	"Admin.Socket": NextStart, "Admin.SocketGroup": NextStart, "Admin.SocketMode": NextStart,
	"Admin.HTTP": InPlace, "Admin.HTTPNames": InPlace, "Admin.Peer": InPlace,
}

// unplanned is a field whose change is none.
const unplanned = "unplanned"

// exact are the types of which every field has an entry in effects.
var exact = []reflect.Type{
	reflect.TypeFor[Config](), reflect.TypeFor[Instance](), reflect.TypeFor[SyncGroup](), reflect.TypeFor[Log](), reflect.TypeFor[Admin](),
}

// effectOf is what a change of a field needs. A field that nobody thought of needs
// most.
func effectOf(t reflect.Type, field string) string {
	if effect, ok := effects[t.Name()+"."+field]; ok {
		return effect
	}
	for _, e := range exact {
		if t == e {
			return Anew
		}
	}
	return InPlace
}

// untold are the fields whose values nobody is shown.
var untold = map[string]bool{
	"Instance.Password": true, "Instance.Keys": true, "HTTPCheck.Headers": true, "HTTPCheck.Body": true, "Probe.Send": true,
	"NotifyWebhook.URL": true, "NotifyWebhook.Headers": true, "NotifyWebhook.Secret": true, "NotifyExec.Command": true,
	"NotifySMTP.Username": true, "NotifySMTP.Password": true,
}

// spelled are the attributes that are called otherwise in the configuration than
// their fields here.
var spelled = map[string]string{
	"Instance.VRID": "virtual_router_id", "Instance.Interval": "advertisement_interval", "Instance.Addresses": "virtual_addresses",
	"Instance.NoPreempt": "preempt = false", "Instance.NoAccept": "accept = false", "Instance.Peers": "unicast peers",
	"Instance.Password": "authentication", "Instance.Keys": "authentication", "Instance.Lenient": "authentication lenient",
	"Instance.Lease": "address_lease", "Instance.Announce": "gratuitous_arp", "Address.Quiet": "advertise = false",
	"Probe.HTTP": "http", "Probe.TLS": "tls", "Probe.GRPC": "grpc", "Tracker.Check": "check", "HTTPCheck.Follow": "follow_redirects",
	"HTTPCheck.SHA256": "sha256", "HTTPCheck.HTTP2": "http2", "TLSCheck.Insecure": "verify = false",
	"Probe.DNS": "dns", "DNSCheck.RCode": "rcode", "DNSCheck.TCP": "transport = \"tcp\"", "Probe.SMTP": "smtp", "SMTPCheck.StartTLS": "starttls",
	"Notifier.SMTP": "smtp", "NotifySMTP.StartTLS": "starttls", "NotifyExec.Before": "stage = \"before\"",
	"IPVS.TCPTimeout": "timeouts tcp", "IPVS.TCPFinTimeout": "timeouts tcp_fin", "IPVS.UDPTimeout": "timeouts udp",
	"Sync.Instance":   "vrrp_instance",
	"Server.Find":     "dns, srv or file",
	"Admin.HTTPNames": "http_names",
}

// restarts tells whether an instance has to begin anew though each attribute that
// changed could change in place by itself.
func restarts(was, is Instance) bool {
	carrier := func(in Instance) (family family, bare bool) {
		bare = true
		for i, a := range in.Addresses {
			of := familyOf(a.Prefix.Addr())
			if i == 0 {
				family = of
			}
			bare = bare && (a.Quiet || of != family)
		}
		return family, bare
	}
	wasFamily, wasBare := carrier(was)
	isFamily, isBare := carrier(is)
	held := func(in Instance) string {
		return shownValue(reflect.ValueOf(in.Addresses)) + shownValue(reflect.ValueOf(in.Routes)) + shownValue(reflect.ValueOf(in.Rules)) + in.Lease.String()
	}
	return (was.Priority == 255) != (is.Priority == 255) || wasFamily != isFamily || wasBare != isBare ||
		held(was) != held(is) && (is.VirtualMAC || is.NoAccept || is.Priority == 255)
}

// Started is c with what the next start alone brings into force still as it is in was,
// the configuration in force. A plan made from it goes on to say what waits for that.
func (c *Config) Started(was *Config) *Config {
	next := *c
	to, from := reflect.ValueOf(&next).Elem(), reflect.ValueOf(*was)
	for i := range to.NumField() {
		block := to.Field(i)
		if block.Kind() != reflect.Struct {
			continue
		}
		for j := range block.NumField() {
			if effectOf(block.Type(), block.Type().Field(j).Name) == NextStart {
				block.Field(j).Set(from.Field(i).Field(j))
			}
		}
	}
	return &next
}
