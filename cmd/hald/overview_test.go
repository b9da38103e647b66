package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/director"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/ipvsctl"
)

var threeAM = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func exampleDocument() director.Document {
	return director.Document{
		Cluster: "shop", Director: "lb1", Version: "v0.1", UptimeS: 11520,
		Config: director.ConfigStatus{Hash: "0123456789abcdef"},
		Peer:   &director.PeerStatus{Address: "192.0.2.12:7112", Since: threeAM.Add(-12 * time.Second), Reason: "unreachable", Error: "no answer within 2s"},
		VRRPInstances: []election.Status{
			{Name: "web", State: "master", Priority: 150, EffectivePriority: 120, VRID: 51, Interface: "eth0",
				VirtualAddresses: []string{"192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24"},
				Master:           "192.0.2.11", Since: threeAM.Add(-3 * time.Hour), Reason: "master_silent",
				Trackers: []election.TrackerStatus{
					{Kind: "script", Name: "nginx", State: "down", Weight: -30, Error: "exit status 1: no\nworkers", Since: threeAM.Add(-time.Minute)},
					{Kind: "file", Name: "manual", State: "up", Value: 0, Since: threeAM.Add(-time.Hour)},
					{Kind: "interface", Name: "eth1", State: "unknown"},
				}},
			{Name: "mail", State: "fault", Priority: 100, EffectivePriority: 100, VRID: 52, Interface: "eth1",
				Since: threeAM.Add(-70 * time.Second), Reason: "link_down", Faults: []string{"link_down"}, WhyNotMaster: "link_down"},
			{Name: "news", State: "backup", Priority: 150, EffectivePriority: 150, VRID: 53, Interface: "eth0",
				Master: "192.0.2.12", Since: threeAM, Reason: "handover", Standby: &election.Standby{}, WhyNotMaster: "standing by: lb2 is master"},
			{Name: "cable", State: "master", Priority: 150, EffectivePriority: 120, VRID: 54, Interface: "eth2", SyncGroup: "pair", Reason: "master_silent",
				Since: threeAM.Add(-3 * time.Hour), PathDown: &election.PathStatus{Reason: "link_down", Since: threeAM.Add(-12 * time.Second)}},
			{Name: "both", State: "master", Priority: 100, EffectivePriority: 100, VRID: 55, Interface: "eth0", Master: "192.0.2.11", Reason: "master_silent",
				Since: threeAM.Add(-3 * time.Hour), Split: &election.SplitStatus{Peer: "192.0.2.12", Since: threeAM.Add(-4 * time.Second), Via: []string{"peer"}}},
		},
		VirtualServers: []balancer.Status{
			{Name: "http", Addresses: []string{"192.0.2.1:80"}, HasQuorum: true, RealServers: []balancer.ServerStatus{
				{Name: "web1", Address: "192.0.2.21:80", State: "up", Since: threeAM.Add(-48 * time.Hour), Weight: 2, EffectiveWeight: 50,
					Usage: balancer.Usage{Active: 120, Inactive: 4, PerSecond: ipvsctl.Counts{Connections: 31, BytesIn: 48211, BytesOut: 2400000}},
					Checks: []balancer.CheckStatus{
						{Kind: "http", OK: true, LatencyMS: 1.25, WeightError: "the answer has no header X-Load"}, {Kind: "exec", OK: true, LatencyMS: 31, Weight: new(50)},
					}},
				{Name: "web2", Address: "192.0.2.22:80", State: "down", Since: threeAM.Add(-90 * time.Second), Weight: 2, EffectiveWeight: 0,
					Checks: []balancer.CheckStatus{{Kind: "http", Error: "status 500\x1b[2J"}}},
			}},
			{Name: "smtp", Addresses: []string{"192.0.2.2:25"}, Sorry: true},
		},
	}
}

func TestOverview(t *testing.T) {
	want := `cluster shop, director lb1, hald v0.1, up 3h12m, configuration 0123456789ab
peer 192.0.2.12:7112 is not seen for 12s: no answer within 2s

INSTANCE  STATE   SINCE  PRIORITY    VRID  INTERFACE  MASTER      ADDRESSES                     WHY
web       master  3h00m  120 of 150  51    eth0       192.0.2.11  192.0.2.1/24 192.0.2.2/24 +1  no master was heard
mail      fault   1m10s  100         52    eth1       -                                         link_down
news      backup  0s     150         53    eth0       192.0.2.12                                standing by: lb2 is master
cable     master  3h00m  120 of 150  54    eth2       -                                         no master was heard; path down for 12s: link_down
both      master  3h00m  100         55    eth0       192.0.2.11                                no master was heard; two masters for 4s, the other is 192.0.2.12

TRACKER         INSTANCE  STATE    SINCE  WEIGHT  WHY
script:nginx    web       down     1m00s  -30     exit status 1: no workers
file:manual     web       up       1h00m  +0
interface:eth1  web       unknown  -      fault

SERVICE  QUORUM                     SERVER  STATE  SINCE  WEIGHT   ACTIVE  INACTIVE  NEW/S   IN/S   OUT/S  ADDRESS        CHECKS
http     ok                                                             0         0      0    0 B     0 B  192.0.2.1:80
                                    web1    up     2d00h  50 of 2     120         4     31  48 kB  2.4 MB  192.0.2.21:80  http 1.2 ms (no weight: the answer has no header X-Load), exec 31.0 ms (weight 50)
                                    web2    down   1m30s  0 of 2        0         0      0    0 B     0 B  192.0.2.22:80  http: status 500 [2J
smtp     lost, sorry server in use                                      0         0      0    0 B     0 B  192.0.2.2:25
`
	got := painter{now: threeAM}.document(exampleDocument())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOverviewOfFoundServers(t *testing.T) {
	d := exampleDocument()
	d.VRRPInstances, d.VirtualServers = nil, []balancer.Status{
		{Name: "http", Addresses: []string{"192.0.2.1:80"}, HasQuorum: true, Discovery: []balancer.Finding{
			{Server: "web", Source: "dns web.example.net", Servers: 3, Addresses: []string{"192.0.2.21", "192.0.2.22", "192.0.2.23"}, LastGood: threeAM.Add(-12 * time.Second)},
			{Server: "batch", Source: "file /run/batch.json", Servers: 1, Addresses: []string{"192.0.2.31:8080"}, Error: "/run/batch.json: no such file"},
			{Server: "old", Source: "srv _web._tcp.example.net", Error: "timeout", KeepError: "disk full"},
			{Server: "new", Source: "dns new.example.net", Servers: 1, Addresses: []string{"192.0.2.41"}, LastGood: threeAM, KeepError: "disk full"},
		}},
	}
	want := `SOURCE                     SERVICE  SERVER  FOUND  LAST GOOD     ADDRESSES                 WHY
dns web.example.net        http     web     3      12s           192.0.2.21 192.0.2.22 +1
file /run/batch.json       http     batch   1      before start  192.0.2.31:8080           /run/batch.json: no such file
srv _web._tcp.example.net  http     old     0      -                                       timeout
dns new.example.net        http     new     1      0s            192.0.2.41                would not survive a restart: disk full
`
	_, got, _ := strings.Cut(painter{now: threeAM}.document(d), "192.0.2.1:80\n\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOverviewOfPlannedWork(t *testing.T) {
	d := exampleDocument()
	d.VRRPInstances, d.VirtualServers, d.Peer = nil, nil, nil
	d.Maintenance = &election.Maintenance{Since: threeAM.Add(-5 * time.Minute), Until: threeAM.Add(time.Hour), By: "uid 0, pid 7"}
	d.StateError, d.NotReady = "no space left on device", "the balancer process is starting"
	want := "cluster shop, director lb1, hald v0.1, up 3h12m, configuration 0123456789ab\n" +
		"NOT READY: the balancer process is starting\n" +
		"MAINTENANCE for 5m00s, until " + threeAM.Add(time.Hour).Local().Format(time.DateTime) + ", by uid 0, pid 7: this director is out of the election\n" +
		"planned work would not survive a restart: no space left on device\n"
	if diff := cmp.Diff(want, painter{now: threeAM}.document(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// With colours the same text stands in the same columns.
func TestOverviewInColour(t *testing.T) {
	coloured := painter{now: threeAM, colour: true}.document(exampleDocument())
	for _, part := range []string{"\x1b[32mmaster\x1b[0m", "\x1b[31mfault\x1b[0m", "\x1b[31mdown\x1b[0m"} {
		if !strings.Contains(coloured, part) {
			t.Errorf("no %q", part)
		}
	}
	bare := strings.NewReplacer("\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[1m", "", "\x1b[0m", "").Replace(coloured)
	if diff := cmp.Diff(painter{now: threeAM}.document(exampleDocument()), bare); diff != "" {
		t.Errorf("without its colours (-want +got):\n%s", diff)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                   "0s",
		59*time.Second + 999999999:     "59s",
		time.Minute:                    "1m00s",
		59*time.Minute + 5*time.Second: "59m05s",
		time.Hour:                      "1h00m",
		47*time.Hour + time.Minute:     "1d23h",
	} {
		if got := age(d); got != want {
			t.Errorf("age(%v) = %s, want %s", d, got, want)
		}
	}
}
