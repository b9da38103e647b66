package director

import (
	"cmp"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/notify"
)

// Document is what `hald status` shows. Its names are stable API.
type Document struct {
	Cluster        string                `json:"cluster"`
	Director       string                `json:"director"`
	Version        string                `json:"version"`
	DryRun         bool                  `json:"dry_run,omitempty"` // a trial: nothing shown here is done
	Time           time.Time             `json:"time"`              // of this document
	UptimeS        float64               `json:"uptime_s"`
	Config         ConfigStatus          `json:"config"`
	Log            LogStatus             `json:"log"`
	Maintenance    *election.Maintenance `json:"maintenance"`           // null: takes part in the election
	Overrides      []balancer.Override   `json:"overrides"`             // of operators, for real servers
	Kept           bool                  `json:"planned_kept"`          // maintenance, standbys and overrides survive a restart as shown
	StateError     string                `json:"state_error,omitempty"` // why they would not
	NotReady       string                `json:"not_ready,omitempty"`   // what keeps it from doing its work: what /readyz says
	IPVS           balancer.Operations   `json:"ipvs"`                  // what the kernel was told
	VRRPInstances  []election.Status     `json:"vrrp_instances"`
	VirtualServers []balancer.Status     `json:"virtual_servers"`
	Notifiers      []notify.Status       `json:"notifiers"`

	Peer *PeerStatus `json:"peer,omitempty"` // that admin.peer names; nil: none

	counted tally     // for metrics
	asOf    time.Time // when the instances were so, for certain
}

// Settled tells whether the planned work shown is on the disk, or why it is not is
// known.
func (d Document) Settled() bool { return d.Kept || d.StateError != "" }

// ConfigStatus says which configuration is running.
type ConfigStatus struct {
	Hash     string    `json:"hash"`
	LoadedAt time.Time `json:"loaded_at"`
}

// notRunning is the reason shown for what no worker reports at the moment.
const notRunning = "the process in charge is starting"

// electionBlank is what is known of the instances while no election process
// runs: what the configuration says.
func electionBlank(c election.Config, now time.Time) message {
	blank := message{instances: []election.Status{}}
	for _, i := range c.Instances {
		s := election.Status{
			Name:              i.Name,
			SyncGroup:         c.GroupOf(i.Name),
			State:             "init",
			Priority:          int(i.Priority),
			EffectivePriority: int(i.Priority),
			VRID:              int(i.VRID),
			Interface:         i.Interface,
			VirtualAddresses:  texts(i.Addresses, func(a election.Address) string { return a.Prefix.String() }),
			Holdings:          i.Holdings(nil),
			Since:             now,
			Reason:            notRunning,
			Faults:            []string{},
			WakeupDelay:       election.Histogram{Buckets: []uint64{}},
			AdvertGap:         election.Histogram{Buckets: []uint64{}},
			Trackers:          []election.TrackerStatus{},
		}
		for _, t := range i.Trackers {
			s.Trackers = append(s.Trackers, election.TrackerStatus{Name: t.Name, Kind: t.Kind, Weight: t.Weight, State: "unknown"})
		}
		blank.instances = append(blank.instances, s)
	}
	return blank
}

// balancerBlank is what is known of the services while no balancer process
// answers. The kernel forwards all the while with the last table it was given.
func balancerBlank(c balancer.Config, why string) []balancer.Status {
	blank := make([]balancer.Status, 0, len(c.Services))
	for _, s := range c.Services {
		service := balancer.Status{
			Name:        s.Name,
			Addresses:   s.Where(),
			Quorum:      s.Quorum,
			Error:       why,
			RealServers: []balancer.ServerStatus{},
		}
		for _, r := range s.Servers {
			service.RealServers = append(service.RealServers, balancer.ServerStatus{
				Name:    r.Name,
				Address: r.Address.String(),
				State:   "unknown",
				Weight:  r.Weight,
				Checks:  []balancer.CheckStatus{},
			})
		}
		blank = append(blank, service)
	}
	return blank
}

func texts[T any](values []T, text func(T) string) []string {
	list := make([]string, 0, len(values))
	for _, v := range values {
		list = append(list, text(v))
	}
	return list
}

func (l *life) document(services []balancer.Status) Document {
	return Document{
		Cluster:        l.now().config.Cluster,
		Director:       l.now().config.Director.Name,
		Version:        l.d.Version,
		DryRun:         l.d.DryRun,
		Time:           time.Now(),
		UptimeS:        time.Since(l.began).Seconds(),
		Config:         ConfigStatus{Hash: l.now().config.Hash, LoadedAt: l.now().loaded},
		Log:            l.log,
		Maintenance:    l.planned.now.Maintenance,
		Kept:           l.planned.kept() && l.overrides.kept(),
		StateError:     cmp.Or(l.planned.trouble, l.overrides.trouble),
		NotReady:       l.notReady(services),
		IPVS:           l.kernel,
		counted:        l.counted.clone(),
		Overrides:      unended(*l.overrides.now.Load(), time.Now()),
		VRRPInstances:  l.explained(time.Now()),
		VirtualServers: services,
		Notifiers:      l.notifiers.Status(),
		Peer:           l.peer.status(),
		asOf:           asOf(l.reported, time.Now()),
	}
}
