package convert

// ofInstance are the keywords of an instance that hald has nothing for.
var ofInstance = merged(map[string]fate{
	"dont_track_primary":         {Lost, "an interface that is down is a fault here"},
	"track_src_ip":               {Note, "a director without its own address is in fault: always"},
	"check_unicast_src":          {Note, "only the peers are believed: always"},
	"unicast_ttl":                {Lost, "hald sends with 255"},
	"unicast_fault_no_peer":      {Note, "unicast without peers is refused: always"},
	"old_unicast_checksum":       {Lost, "it is for keepalived before 1.3.7"},
	"garp_lower_prio_delay":      {Note, "hald announces anew when another master was heard"},
	"garp_lower_prio_repeat":     {Note, "hald announces anew when another master was heard"},
	"garp_master_refresh_repeat": {Lost, "hald sends one frame an address at each refresh"},
	"garp_extra_if":              {Note, "hald announces every address on its own interface"},
	"down_timer_adverts":         {Lost, "the down interval is three adverts and the skew, as the RFC has it"},
	"lower_prio_no_advert":       {Lost, "a master answers an advert of lower priority, as RFC 9568 has it"},
	"higher_prio_send_advert":    {Note, "hald's masters announce anew when there were two"},
	"skip_check_adv_addr":        {Note, "addresses that differ are reported, and the advert is believed: always"},
	"strict_mode":                {Lost, "hald refuses no deviation; what is written stands"},
	"mcast_dst_ip":               {Lost, "adverts go to 224.0.0.18 and ff02::12"},
	"vrf":                        {Lost, "an instance has an interface"},
	"use_vmac_addr":              {Lost, "addresses on other interfaces have those interfaces' MAC"},
	"vmac_xmit_base":             {Note, "adverts leave by the virtual MAC, as the RFC has it"},
	"use_ipvlan":                 {Lost, "there is no ipvlan"},
	"native_ipv6":                {Note, "the addresses decide the family"},
	"promote_secondaries":        {Note, "hald keeps secondary addresses when their primary goes"},
	"debug":                      {Note, "it has no effect in keepalived"},
	"kernel_rx_buf_size":         {Note, "it tunes keepalived's own processes"},
	"linkbeat_use_polling":       {Note, "the kernel tells of links; nothing is polled"},
	"no_virtual_ipaddress":       {Note, "an instance without addresses is written out"},
	"lvs_sync_daemon_interface":  {Lost, "keepalived has it no more: lvs_sync_daemon in global_defs"},
	"notify_priority_changes":    {Note, "vrrp.priority is an event"},
}, scripts)

// scripts are those that hald has no event for.
var scripts = map[string]fate{
	"notify_deleted":             {Lost, "an instance that a reload removes stops: notify_stop"},
	"notify_master_rx_lower_pri": {Lost, "there is vrrp.split, when two masters are heard"},
}
