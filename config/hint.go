package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// nameHint helps with a name that a block does not know.
func nameHint(name string, g *grammar) string {
	attributes := slices.Clone(g.attributes)
	blocks := sortedKeys(g.blocks)
	if slices.Contains(attributes, name) {
		return fmt.Sprintf(" It is an attribute here, not a block: write %s = ….", name)
	}
	if slices.Contains(blocks, name) {
		return fmt.Sprintf(" It is a block here, not an attribute: write %s { … } without the equals sign.", strings.Join(append([]string{name}, quoteAll(g.blocks[name].labels)...), " "))
	}
	known := append(attributes, blocks...)
	if hint, ok := fromKeepalived[name]; ok {
		return " " + hint
	}
	if hint := didYouMean(name, known); hint != "" {
		return hint
	}
	if homes := homesOf(name, language, "", nil); len(homes) > 0 {
		return fmt.Sprintf(" It belongs in %s.", strings.Join(homes, " or "))
	}
	if len(known) == 0 {
		return " Nothing can be set here."
	}
	slices.Sort(known)
	return fmt.Sprintf(" It knows %s.", strings.Join(known, ", "))
}

// fromKeepalived translates names that an operator's fingers remember.
var fromKeepalived = map[string]string{
	"state":               "The election decides who is master: give the higher priority to the director that should be.",
	"advert_int":          "The name here is advertisement_interval, a duration such as \"1s\".",
	"virtual_ipaddress":   "The name here is virtual_addresses, a list of strings.",
	"nopreempt":           "The name here is preempt: write preempt = false.",
	"mcast_src_ip":        "The name here is source_address.",
	"garp_master_repeat":  "The name here is count in a gratuitous_arp block.",
	"garp_master_delay":   "The name here is delay in a gratuitous_arp block.",
	"garp_master_refresh": "The name here is refresh in a gratuitous_arp block.",
	"unicast_peer":        "Unicast peers are the other directors' addresses: write unicast = true.",
	"unicast_src_ip":      "The name here is source_address; with unicast = true it is the director's address anyway.",
	"vrrp_version":        "The name here is version, in vrrp_instance or vrrp_defaults.",
	"auth_type":           "The name here is type: keepalived's PASS is \"simple\".",
	"auth_pass":           "The name here is key.",
	"track_interface":     "The name here is track \"interface\".",
	"track_script":        "The name here is track \"script\"; weight, interval, timeout, rise and fall are in it.",
	"track_file":          "The name here is track \"file\".",
	"track_process":       "The name here is track \"process\".",
	"lb_algo":             "The name here is scheduler.",
	"lvs_sched":           "The name here is scheduler.",
	"lb_kind":             "The name here is forwarding.",
	"lvs_method":          "The name here is forwarding.",
	"persistence_timeout": "The name here is persistence, a duration such as \"120s\".",
	"delay_loop":          "The name here is interval in a check block.",
	"connect_timeout":     "The name here is timeout in a check block.",
	"inhibit_on_failure":  "The name here is on_fail: write on_fail = \"quiesce\".",
	"TCP_CHECK":           "The name here is check \"tcp\".",
	"HTTP_GET":            "The name here is check \"http\".",
	"SSL_GET":             "The name here is check \"https\", which verifies the certificate.",
	"DNS_CHECK":           "The name here is check \"dns\".",
	"SMTP_CHECK":          "The name here is check \"smtp\".",
	"UDP_CHECK":           "The name here is check \"udp\".",
	"PING_CHECK":          "The name here is check \"ping\".",
	"FILE_CHECK":          "The name here is check \"file\".",
	"MISC_CHECK":          "The name here is check \"exec\".",
	"misc_path":           "The name here is command, a list: the program, then its arguments.",
	"misc_timeout":        "The name here is timeout.",
	"misc_dynamic":        "The name here is dynamic_weight; the exit status is the weight itself, not two more.",
	"uthreshold":          "The name here is upper_threshold.",
	"lthreshold":          "The name here is lower_threshold.",
	"global_defs":         "The cluster is described by cluster, defaults by vrrp_defaults and virtual_server_defaults.",
}

// homesOf lists the blocks in which a name is known.
func homesOf(name string, g *grammar, where string, homes []string) []string {
	if slices.Contains(g.attributes, name) || g.blocks[name] != nil {
		home := where
		if home == "" {
			home = "the top level"
		}
		if !slices.Contains(homes, home) {
			homes = append(homes, home)
		}
	}
	for _, kind := range sortedKeys(g.blocks) {
		homes = homesOf(name, g.blocks[kind], kind, homes)
	}
	for _, kind := range sortedKeys(g.kinds) {
		homes = homesOf(name, g.kinds[kind], fmt.Sprintf("%s %q", where, kind), homes)
	}
	return homes
}

// didYouMean suggests the nearest known name, or nothing.
func didYouMean(name string, known []string) string {
	best, nearest := "", 1+max(2, len(name)/3)
	if len(name) < 4 {
		nearest = 2
	}
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < nearest {
			best, nearest = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// distance is the Levenshtein distance of two names, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// enumerate writes a list as "a, b or c", each in quotes; the word is "or" or
// "and".
func enumerate(names []string, word string) string {
	quoted := quoteAll(names)
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " " + word + " " + quoted[last]
}

func quoteAll(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return quoted
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
