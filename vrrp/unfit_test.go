package vrrp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestUnfit(t *testing.T) {
	const s, reason = time.Second, "track_script:nginx"
	become := func(from, to State, reason string) Action {
		return Become{Transition{From: from, To: to, Reason: reason}}
	}
	fault := func(from State) []Action { return []Action{Release{}, become(from, Fault, reason)} }
	tests := []struct {
		name   string
		state  State
		before []Event
		after  time.Duration
		event  Event
		want   []Action
		end    State
	}{
		{"a master hands over", Master, nil, s / 2, Unfit{reason}, []Action{Silence{}, Advertise{0}, become(Master, Leaving, reason)}, Leaving},
		{"a backup has nothing to hand over", Backup, nil, s, Unfit{reason}, fault(Backup), Fault},
		{"in fault it is no news", Fault, nil, s, Unfit{reason}, nil, Fault},
		{"successor heard", Master, []Event{Unfit{reason}}, s / 2, advert(below, 50, s), fault(Leaving), Fault},
		{"nobody came", Master, []Event{Unfit{reason}}, s, Timeout{}, fault(Leaving), Fault},
		{"link lost meanwhile", Master, []Event{Unfit{reason}}, s / 2, Failed{"link_down"}, fault(Leaving), Fault},
		{"while it hands over to a peer", Master, []Event{Yield{}, Unfit{reason}}, s / 2, advert(below, 50, s), fault(Leaving), Fault},
		{"stopped meanwhile", Master, []Event{Unfit{reason}, Shutdown{}}, s, Timeout{}, []Action{Release{}, become(Leaving, Initialize, ReasonShutdown)}, Initialize},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := at(t, test.state, testConfig())
			for _, ev := range test.before {
				m.Step(epoch, ev)
			}
			if diff := cmp.Diff(test.want, kinds(m.Step(epoch.Add(test.after), test.event)), cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" || m.State() != test.end {
				t.Errorf("ends in %v (-want +got)\n%s", m.State(), diff)
			}
		})
	}
}
