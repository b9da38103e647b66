package director

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/election"
	"github.com/hald-project/hald/event"
	"github.com/hald-project/hald/notify"
)

// scraped is one scrape of a document.
func scraped(t testing.TB, d Document) string {
	t.Helper()
	w := httptest.NewRecorder()
	metrics(func(context.Context) (any, error) { return d, nil }).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("%d %v: %s", w.Code, err, text)
	}
	return string(text)
}

func TestMetrics(t *testing.T) {
	counted := newTally()
	for _, e := range []event.Event{
		{Name: "config.applied", Time: time.UnixMilli(1500)}, {Name: "config.rejected"},
		{Name: "address.restored", Instance: "web"}, {Name: "address.restored", Instance: "web", Count: 4},
		{Name: "vrrp.split", Instance: "web"}, {Name: "vrrp.split", Instance: "web", DurationMS: 2500},
	} {
		counted.add(e)
	}
	gap := election.Histogram{Buckets: make([]uint64, 19), Count: 3, SumMS: 1500}
	gap.Buckets[0], gap.Buckets[18] = 2, 1
	server := balancer.ServerStatus{Name: "web1", State: "up", Weight: 3, EffectiveWeight: 2,
		Usage:  balancer.Usage{Active: 7, Inactive: 8},
		Checks: []balancer.CheckStatus{{Kind: "http", LatencyMS: 1.5, Failures: 4}, {Kind: "http"}}}
	server.Traffic.Connections, server.Traffic.BytesOut = 9, 10
	leaving := server
	leaving.Address, leaving.State = "192.0.2.9:80", "draining"
	text := scraped(t, Document{Version: "v1", Config: ConfigStatus{Hash: "abc"}, counted: counted, NotReady: "no IPVS", Peer: &PeerStatus{},
		VRRPInstances: []election.Status{{Name: "web", State: "backup", EffectivePriority: 120, Priority: 150, Discards: map[string]uint64{"ttl": 5}, AdvertGap: gap, SyncGroup: "edge", PathDown: &election.PathStatus{}, Split: &election.SplitStatus{},
			Faults: []string{"link_down"}, Trackers: []election.TrackerStatus{{Kind: "script", Name: "x", State: "up"}}}},
		VirtualServers: []balancer.Status{{Name: "http", HasQuorum: true, RealServers: []balancer.ServerStatus{server, leaving}}},
		IPVS:           balancer.Operations{Adds: 1, Failures: 2, Drifts: 3},
		Notifiers:      []notify.Status{{Name: "pager", Queue: 3, Told: 4, Lost: 5}},
	})
	for _, line := range strings.Split(`hald_build_info{goversion="go1
hald_config_hash_info{hash="abc"} 1
hald_config_last_reload_successful 0
hald_config_last_reload_success_timestamp_seconds 1.5
hald_ready 0
hald_notify_queue{notifier="pager"} 3
hald_notify_told_total{notifier="pager"} 4
hald_notify_lost_total{notifier="pager"} 5
hald_events_total{event="vrrp.split"} 2
hald_vrrp_state{instance="web",state="backup"} 1
hald_vrrp_state{instance="web",state="master"} 0
hald_vrrp_priority{instance="web"} 120
hald_vrrp_configured_priority{instance="web"} 150
hald_vrrp_faults{instance="web"} 1
hald_vrrp_packet_errors_total{instance="web",reason="ttl"} 5
hald_vrrp_advert_gap_seconds_bucket{instance="web",le="5e-05"} 2
hald_vrrp_advert_gap_seconds_bucket{instance="web",le="50"} 2
hald_vrrp_advert_gap_seconds_bucket{instance="web",le="+Inf"} 3
hald_vrrp_advert_gap_seconds_sum{instance="web"} 1.5
hald_vrrp_path_down{instance="web"} 1
hald_vrrp_split{instance="web"} 1
hald_vrrp_split_seconds_total{instance="web"} 2.5
hald_peer_up 0
hald_address_repairs_total{instance="web"} 5
hald_vrrp_tracker_up{instance="web",kind="script",name="x"} 1
hald_service_quorum{service="http"} 1
hald_real_server_up{server="web1",service="http"} 1
hald_real_server_weight{server="web1",service="http"} 2
hald_check_duration_seconds{check="http",server="web1",service="http"} 0.0015
hald_check_failures_total{check="http",server="web1",service="http"} 4
hald_check_failures_total{check="http#2",server="web1",service="http"} 0
hald_ipvs_connections{server="web1",service="http",state="active"} 7
hald_ipvs_connections_total{server="web1",service="http"} 9
hald_ipvs_bytes_total{direction="out",server="web1",service="http"} 10
hald_ipvs_operations_total{op="add",result="ok"} 1
hald_ipvs_operations_total{op="any",result="error"} 2
hald_ipvs_drift_total 3`, "\n") {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("no %s", line)
		}
	}
	if n := strings.Count(text, "\nhald_real_server_up{"); n != 1 {
		t.Errorf("%d servers: a name may be told of once", n)
	}
	if t.Failed() {
		t.Log(text)
	}
}

// A daemon that is stopping has no document; the scrape has no old one.
func TestMetricsOfNobody(t *testing.T) {
	w := httptest.NewRecorder()
	metrics(func(context.Context) (any, error) { return nil, context.Canceled }).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if text := w.Body.String(); strings.Contains(text, "hald_") || !strings.Contains(text, "go_goroutines") {
		t.Error(text)
	}
}

// BenchmarkScrape is what a scrape costs with ten thousand servers. The processor's time
// counts: others may use the machine.
func BenchmarkScrape(b *testing.B) {
	d := Document{counted: newTally()}
	for i := range 100 {
		s := balancer.Status{Name: fmt.Sprintf("service%d", i), HasQuorum: true}
		for k := range 100 {
			s.RealServers = append(s.RealServers, balancer.ServerStatus{Name: fmt.Sprintf("server%d", k), State: "up", Weight: 1, EffectiveWeight: 1,
				Usage: balancer.Usage{Active: 17}, Checks: []balancer.CheckStatus{{Kind: "http", OK: true, LatencyMS: 1.25}}})
		}
		d.VirtualServers = append(d.VirtualServers, s)
	}
	size := 0
	began := processorTime()
	for b.Loop() {
		size = len(scraped(b, d))
	}
	b.ReportMetric(float64((processorTime()-began).Milliseconds())/float64(b.N), "cpu-ms/scrape")
	b.ReportMetric(float64(size)/1e6, "MB/scrape")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
