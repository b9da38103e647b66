package director

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hald-project/hald/election"
)

var (
	vrrpState       = family("vrrp_state", "1 for the state that the instance is in, 0 for the others.", "instance", "state")
	vrrpSince       = family("vrrp_last_transition_timestamp_seconds", "When the instance came into its state.", "instance")
	vrrpPriority    = family("vrrp_priority", "Effective priority.", "instance")
	vrrpBase        = family("vrrp_configured_priority", "Priority without what trackers make of it.", "instance")
	vrrpFaults      = family("vrrp_faults", "How many reasons keep the instance from being a master.", "instance")
	vrrpTransitions = family("vrrp_transitions_total", "Changes of state.", "instance")
	advertsSent     = family("vrrp_adverts_sent_total", "Advertisements sent.", "instance")
	advertsReceived = family("vrrp_adverts_received_total", "Advertisements of peers that were believed.", "instance")
	packetErrors    = family("vrrp_packet_errors_total", "VRRP packets that were discarded, and those of a router with our own address, by reason.", "instance", "reason")
	advertGap       = family("vrrp_advert_gap_seconds", "Time between the advertisements that a backup believes.", "instance")
	wakeupDelay     = family("vrrp_wakeup_delay_seconds", "How late the election woke up for what was due.", "instance")
	pathDown        = family("vrrp_path_down", "1 while the link of a sync group's member is of no use to the election, and another is.", "instance")
	splitNow        = family("vrrp_split", "1 while another master is known beside this one.", "instance")
	splitSeconds    = family("vrrp_split_seconds_total", "How long another master was seen beside this one, in splits that are over.", "instance")
	addressRepairs  = family("address_repairs_total", "Virtual addresses that somebody removed and hald put back.", "instance")
	trackerUp       = family("vrrp_tracker_up", "1 while the tracked object is well, 0 while it is not or nothing is known.", "instance", "kind", "name")
)

// instanceStates are all that an instance can have.
var instanceStates = []string{"init", "backup", "master", "fault"}

func (s sample) instance(i election.Status, counted tally) {
	for _, state := range instanceStates {
		s.gauge(vrrpState, truth(state == i.State), i.Name, state)
	}
	if !i.Since.IsZero() {
		s.gauge(vrrpSince, float64(i.Since.UnixMilli())/1000, i.Name)
	}
	s.gauge(vrrpPriority, float64(i.EffectivePriority), i.Name)
	s.gauge(vrrpBase, float64(i.Priority), i.Name)
	s.gauge(vrrpFaults, float64(len(i.Faults)), i.Name)
	s.counter(vrrpTransitions, float64(i.Transitions), i.Name)
	s.counter(advertsSent, float64(i.AdvertsSent), i.Name)
	s.counter(advertsReceived, float64(i.AdvertsReceived), i.Name)
	for reason, n := range i.Discards {
		s.counter(packetErrors, float64(n), i.Name, reason)
	}
	s.histogram(advertGap, i.AdvertGap, i.Name)
	s.histogram(wakeupDelay, i.WakeupDelay, i.Name)
	if i.SyncGroup != "" {
		s.gauge(pathDown, truth(i.PathDown != nil), i.Name)
	}
	s.gauge(splitNow, truth(i.Split != nil), i.Name)
	s.counter(splitSeconds, counted.splits[i.Name].Seconds(), i.Name)
	s.counter(addressRepairs, float64(counted.repairs[i.Name]), i.Name)
	for _, t := range i.Trackers {
		s.gauge(trackerUp, truth(t.State == "up"), i.Name, t.Kind, t.Name)
	}
}

func (s sample) histogram(f *prometheus.Desc, h election.Histogram, labels ...string) {
	below, sum := make(map[float64]uint64, len(h.Buckets)), uint64(0)
	for i, bound := range election.HistogramBounds() {
		if i < len(h.Buckets) {
			sum += h.Buckets[i]
		}
		below[bound.Seconds()] = sum
	}
	s.out <- prometheus.MustNewConstHistogram(f, h.Count, h.SumMS*float64(time.Millisecond)/float64(time.Second), below, labels...)
}
