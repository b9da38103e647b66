package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// grammar says which names a kind of block knows.
type grammar struct {
	labels     []string // what the block's labels are
	single     bool     // at most one in its parent
	attributes []string
	blocks     map[string]*grammar
	kinds      map[string]*grammar // by label, for blocks whose attributes depend on it
	open       bool                // any attribute, no block: locals
}

// language is the top level of a configuration.
var language = &grammar{
	blocks: map[string]*grammar{
		"cluster": {
			labels: []string{"name"},
			blocks: map[string]*grammar{
				"director": {labels: []string{"name"}, attributes: []string{"address"}},
			},
		},
		"locals":                  {open: true},
		"vrrp_instance":           labelled(instanceGrammar),
		"vrrp_defaults":           singleton(instanceGrammar),
		"vrrp_sync_group":         {labels: []string{"name"}, attributes: []string{"members"}},
		"virtual_server":          labelled(serviceGrammar),
		"virtual_server_defaults": singleton(serviceGrammar),
		"ipvs": {
			single:     true,
			attributes: []string{"expire_nodest_conn", "expire_quiescent_template", "clear_on_stop"},
			blocks: map[string]*grammar{
				"timeouts":        {single: true, attributes: []string{"tcp", "tcp_fin", "udp"}},
				"connection_sync": {single: true, attributes: []string{"vrrp_instance", "interface", "id", "refresh"}},
			},
		},
		"notify": notifyGrammar,
		"log":    {single: true, attributes: []string{"level", "format"}},
		"admin": {
			single:     true,
			attributes: []string{"socket", "socket_group", "socket_mode", "http", "http_names", "peer"},
		},
	},
}

// notifyGrammar is a notify block.
var notifyGrammar = &grammar{
	labels:     []string{"name"},
	attributes: []string{"events", "give_up"},
	blocks: map[string]*grammar{
		"webhook": {single: true, attributes: []string{"url", "headers", "secret", "ca", "timeout"}},
		"exec":    {single: true, attributes: []string{"command", "timeout", "user", "stage"}},
		"smtp":    {single: true, attributes: []string{"server", "from", "to", "username", "password", "starttls", "ca", "timeout", "collect"}},
	},
}

// instanceGrammar is the inside of vrrp_instance and vrrp_defaults.
var instanceGrammar = grammar{
	attributes: []string{
		"interface", "virtual_router_id", "version", "priority", "advertisement_interval",
		"virtual_addresses", "preempt", "preempt_delay", "unicast", "source_address", "checksum", "start_delay", "address_lease", "accept", "virtual_mac",
		"on_conflict", "on_split",
	},
	blocks: map[string]*grammar{
		"gratuitous_arp":  {single: true, attributes: []string{"count", "delay", "refresh", "interval"}},
		"authentication":  {attributes: []string{"type", "key", "id", "required"}},
		"virtual_address": {labels: []string{"address"}, attributes: []string{"interface", "label", "scope", "advertise"}},
		"virtual_route":   {labels: []string{"network"}, attributes: []string{"via", "interface", "table", "metric", "source"}},
		"virtual_rule":    {labels: []string{"name"}, attributes: []string{"from", "to", "iif", "oif", "fwmark", "table", "priority"}},
		"track":           trackGrammar,
	},
}

// trackGrammar is a track block; its first label decides what it knows.
var trackGrammar = &grammar{
	labels: []string{"kind", "name"},
	kinds: map[string]*grammar{
		"interface":      {attributes: []string{"weight"}},
		"virtual_server": {attributes: []string{"weight"}},
		"script":         {attributes: append([]string{"weight", "command", "user"}, rhythmAttributes...)},
		"process":        {attributes: []string{"weight", "interval", "fall", "rise"}},
		"file":           {attributes: []string{"path", "interval"}},
		"tcp":            {attributes: slices.Concat([]string{"weight"}, talkAttributes, checkAttributes)},
		"udp":            {attributes: slices.Concat([]string{"weight"}, talkAttributes, checkAttributes)},
		"dns":            {attributes: slices.Concat([]string{"weight"}, dnsAttributes, checkAttributes)},
		"smtp":           {attributes: slices.Concat([]string{"weight"}, smtpAttributes, checkAttributes)},
		"ping":           {attributes: append([]string{"weight"}, pingAttributes...)},
		"exec":           {attributes: append([]string{"weight", "command", "user"}, rhythmAttributes...)},
		"http":           {attributes: slices.Concat([]string{"weight"}, httpAttributes, checkAttributes)},
		"https":          {attributes: slices.Concat([]string{"weight", "http2"}, httpAttributes, tlsAttributes, checkAttributes)},
		"tls":            {attributes: slices.Concat([]string{"weight"}, tlsAttributes, checkAttributes)},
		"grpc":           {attributes: slices.Concat([]string{"weight", "service", "tls"}, tlsAttributes, checkAttributes)},
	},
}

// serviceGrammar is the inside of virtual_server and virtual_server_defaults.
var serviceGrammar = grammar{
	attributes: []string{
		"addresses", "fwmark", "family", "protocol", "scheduler", "scheduler_flags", "persistence_netmask", "persistence_engine", "one_packet",
		"forwarding", "persistence",
		"quorum", "hysteresis", "max_failed", "on_fail", "drain", "slow_start", "initial",
	},
	blocks: map[string]*grammar{
		"check":        checkGrammar,
		"real_server":  {labels: []string{"name"}, attributes: append([]string{"dns", "srv", "file"}, serverAttributes...), blocks: map[string]*grammar{"check": checkGrammar, "tunnel": tunnelGrammar}},
		"sorry_server": {single: true, attributes: serverAttributes, blocks: map[string]*grammar{"check": checkGrammar, "tunnel": tunnelGrammar}},
		"tunnel":       tunnelGrammar,
	},
}

var tunnelGrammar = &grammar{single: true, attributes: []string{"type", "port", "checksum"}}

var serverAttributes = []string{"address", "weight", "upper_threshold", "lower_threshold", "forwarding", "disabled"}

// checkGrammar is a check block; its label decides what else it knows.
var checkGrammar = &grammar{
	labels: []string{"kind"},
	kinds: map[string]*grammar{
		"none":  {},
		"tcp":   {attributes: slices.Concat(talkAttributes, checkAttributes)},
		"udp":   {attributes: slices.Concat(talkAttributes, checkAttributes)},
		"dns":   {attributes: slices.Concat(dnsAttributes, checkAttributes)},
		"smtp":  {attributes: slices.Concat(smtpAttributes, checkAttributes)},
		"ping":  {attributes: pingAttributes},
		"file":  {attributes: append([]string{"path"}, rhythmAttributes...)},
		"http":  {attributes: slices.Concat(weightAttributes, httpAttributes, checkAttributes)},
		"https": {attributes: slices.Concat([]string{"http2"}, weightAttributes, httpAttributes, tlsAttributes, checkAttributes)},
		"tls":   {attributes: slices.Concat(tlsAttributes, checkAttributes)},
		"grpc":  {attributes: slices.Concat([]string{"service", "tls"}, tlsAttributes, checkAttributes)},
		"exec":  {attributes: append([]string{"command", "user", "dynamic_weight"}, rhythmAttributes...)},
	},
}

var (
	rhythmAttributes = []string{"interval", "timeout", "fast_interval", "fall", "rise"}
	checkAttributes  = append([]string{"port", "address", "source", "mark"}, rhythmAttributes...)
	httpAttributes   = []string{"url", "path", "method", "host", "headers", "body", "status", "expect", "sha256", "follow_redirects"}
	weightAttributes = []string{"weight_header", "weight_body"} // of a server
	tlsAttributes    = []string{"verify", "ca", "certificate", "key", "server_name", "expires_in"}
	talkAttributes   = []string{"send", "expect"}
	dnsAttributes    = []string{"name", "type", "rcode", "expect", "transport"}
	smtpAttributes   = []string{"helo", "starttls"}
	pingAttributes   = append([]string{"address", "source", "mark", "size"}, rhythmAttributes...)
)

func labelled(g grammar) *grammar {
	g.labels = []string{"name"}
	return &g
}

func singleton(g grammar) *grammar {
	g.single = true
	return &g
}

// of is the grammar of a block with this label.
func (g *grammar) of(labels []string) *grammar {
	if g.kinds == nil || len(labels) == 0 {
		return g
	}
	if kind, ok := g.kinds[labels[0]]; ok {
		return kind
	}
	return &grammar{open: true}
}

// schema is what is read for its meaning: all attributes and blocks.
func (g *grammar) schema() *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, name := range g.attributes {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: name})
	}
	for name, inner := range g.blocks {
		s.Blocks = append(s.Blocks, hcl.BlockHeaderSchema{Type: name, LabelNames: inner.labels})
	}
	return s
}

// names is what is read for its names: the same, and dynamic.
func (g *grammar) names() *hcl.BodySchema {
	s := g.schema()
	if len(g.blocks) > 0 {
		s.Blocks = append(s.Blocks, hcl.BlockHeaderSchema{Type: "dynamic", LabelNames: []string{"type"}})
	}
	return s
}
