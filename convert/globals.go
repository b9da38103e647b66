package convert

import (
	"strings"
	"time"
)

// globals are the defaults that global_defs gives.
type globals struct {
	version int // 0: by the family
	count   int // of gratuitous ARP; 0: not told
	delay   *time.Duration
	refresh *time.Duration
	pace    *time.Duration
	start   *time.Duration
	minimal bool // vrrp_min_garp
	strict  bool
	user    string // of scripts
	link    string // default_interface
	sync    *statement
}

func (r *reader) readGlobals(s *statement) {
	r.spare = append(r.spare, s.comments...)
	g := &r.globals
	for _, s := range s.block {
		r.spare = append(r.spare, s.comments...)
		switch s.key() {
		case "vrrp_version":
			if n, ok := r.integer(s, 0, 2, 3); ok {
				g.version = n
			}
		case "vrrp_garp_master_repeat":
			if n, ok := r.integer(s, 0, 1, 100); ok {
				g.count = n
			}
		case "vrrp_garp_master_delay":
			r.keep(s, &g.delay)
		case "vrrp_garp_master_refresh":
			r.keep(s, &g.refresh)
		case "vrrp_garp_interval":
			r.keep(s, &g.pace)
		case "vrrp_startup_delay":
			r.keep(s, &g.start)
		case "vrrp_min_garp":
			g.minimal = r.switched(s)
		case "vrrp_strict":
			g.strict = true
			r.lost(s.at, "vrrp_strict: hald keeps to the RFC where nothing else is written, and refuses no deviation; what is written below stands")
		case "script_user":
			g.user = s.arg(0)
			r.note(s.at, "%s: it is the user of each program that names none", said(s))
		case "default_interface":
			g.link = s.arg(0)
		case "lvs_sync_daemon":
			g.sync = s
		case "lvs_timeouts":
			r.readTimeouts(s)
		case "lvs_flush_on_stop":
			r.ipvs.put("clear_on_stop", "true", s)
		default:
			if !r.readMail(s) {
				r.elsewhere(s, global)
			}
		}
	}
}

// keep reads a timer for later.
func (r *reader) keep(s *statement, to **time.Duration) {
	if d, ok := r.timer(s, 0); ok {
		*to = &d
	}
}

// readTimeouts reads lvs_timeouts tcp N tcpfin N udp N.
func (r *reader) readTimeouts(s *statement) {
	names := map[string]string{"tcp": "tcp", "tcpfin": "tcp_fin", "udp": "udp"}
	timeouts := newBlock("timeouts", s.at)
	for i := 0; i < len(s.words)-1; i += 2 {
		name, known := names[s.arg(i)]
		if !known {
			r.lost(s.at, "%s: %q is not known", said(s), s.arg(i))
			continue
		}
		if n, ok := r.integer(s, i+1, 1, 31*86400); ok {
			timeouts.set(name, length(time.Duration(n)*time.Second), s.at)
		}
	}
	if len(timeouts.attrs) > 0 {
		r.ipvs.add(timeouts)
	}
}

// readSync reads lvs_sync_daemon INTERFACE [inst] INSTANCE [id N] …, once the instances
// are known.
func (r *reader) readSync() {
	s := r.globals.sync
	if s == nil {
		return
	}
	sync, instance := newBlock("connection_sync", s.at), ""
	for i := 1; i < len(s.words)-1; i++ {
		switch word := s.arg(i); word {
		case "inst":
			i++
			instance = s.arg(i)
		case "id", "syncid":
			i++
			if n, ok := r.integer(s, i, 0, 255); ok {
				sync.set("id", number(n), s.at)
			}
		case "maxlen", "port", "ttl", "group":
			i++
			r.lost(s.at, "lvs_sync_daemon %s %s: hald leaves it to the kernel", word, s.arg(i))
		default:
			instance = word
		}
	}
	name, known := r.names[instance]
	if !known {
		r.lost(s.at, "%s: it names no vrrp_instance that came along, by whose state to send or to listen", said(s))
		return
	}
	sync.set("vrrp_instance", text(name), s.at)
	sync.set("interface", text(s.arg(0)), s.at)
	sync.order("vrrp_instance", "interface", "id")
	r.ipvs.add(sync)
}

// global are the keywords of global_defs that hald has nothing for.
var global = merged(map[string]fate{
	"router_id":                       {Note, "a director's name is its label"},
	"dynamic_interfaces":              {Note, "an interface may come and go: always"},
	"vrrp_skip_check_adv_addr":        {Note, "addresses that differ are reported, and the advert is believed: always"},
	"vrrp_check_unicast_src":          {Note, "in unicast only the peers are believed: always"},
	"vrrp_garp_lower_prio_repeat":     {Note, "hald announces anew when another master was heard"},
	"vrrp_garp_lower_prio_delay":      {Note, "hald announces anew when another master was heard"},
	"vrrp_garp_master_refresh_repeat": {Lost, "hald sends one frame an address at each refresh"},
	"vrrp_garp_extra_if":              {Note, "hald announces every address on its own interface"},
	"vrrp_gna_interval":               {Lost, "interval of gratuitous_arp holds for both families; only vrrp_garp_interval was taken"},
	"vrrp_lower_prio_no_advert":       {Lost, "a master answers an advert of lower priority, as RFC 9568 has it"},
	"vrrp_higher_prio_send_advert":    {Note, "hald's masters announce anew when there were two"},
	"vrrp_mcast_group4":               {Lost, "adverts go to 224.0.0.18"},
	"vrrp_mcast_group6":               {Lost, "adverts go to ff02::12"},
	"vrrp_down_timer_adverts":         {Lost, "the down interval is three adverts and the skew, as the RFC has it"},
	"vrrp_notify_priority_changes":    {Note, "vrrp.priority is an event"},
	"log_unknown_vrids":               {Note, "hald scan lists them"},
	"lvs_flush":                       {Lost, "hald leaves services of others alone; ipvsadm -C removes them"},
	"enable_script_security":          {Note, "programs that others could change are refused: always"},
	"startup_script":                  {Lost, "ExecStartPre of the systemd unit"},
	"startup_script_timeout":          {Lost, "ExecStartPre of the systemd unit"},
	"shutdown_script":                 {Lost, "ExecStopPost of the systemd unit"},
	"shutdown_script_timeout":         {Lost, "ExecStopPost of the systemd unit"},
	"reload_check_config":             {Note, "a reload with errors is refused: always"},
	"include_check":                   {Note, "a missing file is reported above"},
	"rs_init_notifies":                {Lost, "there are no events of servers at the start but their first verdicts"},
	"umask":                           {Note, "UMask of the systemd unit"},
	"random_seed":                     {Note, "nothing is random"},
	"nftables":                        {Note, "hald makes nftables tables of its own where it needs them"},
	"vrrp_iptables":                   {Note, "hald makes nftables tables of its own where it needs them"},
	"vrrp_ipsets":                     {Note, "hald makes nftables tables of its own where it needs them"},
	"disable_local_igmp":              {Lost, "hald does not touch it"},
	"checker_log_all_failures":        {Lost, "an event tells when a verdict changes, and the status every error"},
},
	each(Lost, "letters tell of all events that are listed", "no_email_faults", "no_checker_emails"),
	each(Lost, "hald says the name of the host", "smtp_helo_name"),
	each(Lost, "hald events --follow -o json tells the same, in order", "notify_fifo", "notify_fifo_script", "vrrp_notify_fifo", "vrrp_notify_fifo_script",
		"lvs_notify_fifo", "lvs_notify_fifo_script", "fifo_write_vrrp_states_on_reload"),
	each(Lost, "there is no SNMP", "snmp_socket", "enable_snmp_vrrp", "enable_snmp_checker", "enable_snmp_keepalived", "enable_snmp_rfc", "enable_snmp_rfcv2", "enable_snmp_rfcv3", "enable_traps"),
	each(Lost, "there is no D-Bus", "enable_dbus", "dbus_service_name"),
	each(Lost, "an election tells marks and groups apart by the services themselves: hald makes a service of each address", "nftables_ipvs", "nftables_ipvs_priority", "nftables_ipvs_start_fwmark"),
	each(Note, "it tunes keepalived's own processes", strings.Fields(`tmp_config_directory config_save_dir process_names process_name vrrp_process_name
		checker_process_name bfd_process_name max_auto_priority min_auto_priority_delay vrrp_priority checker_priority bfd_priority vrrp_no_swap
		checker_no_swap bfd_no_swap vrrp_cpu_affinity checker_cpu_affinity bfd_cpu_affinity vrrp_rt_priority checker_rt_priority bfd_rt_priority
		vrrp_rlimit_rttime checker_rlimit_rttime bfd_rlimit_rttime vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force
		vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force
		lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs process_monitor_rcv_bufs_force
		vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier nftables_priority nftables_counters nftables_ifindex vmac_prefix vmac_addr_prefix
		reload_time_file reload_repeat reload_file data_use_instance`)...),
)

// each gives keywords one fate.
func each(kind Kind, why string, names ...string) map[string]fate {
	all := map[string]fate{}
	for _, n := range names {
		all[n] = fate{kind, why}
	}
	return all
}

func merged(maps ...map[string]fate) map[string]fate {
	all := map[string]fate{}
	for _, m := range maps {
		for name, f := range m {
			all[name] = f
		}
	}
	return all
}
