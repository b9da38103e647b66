package director

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapeLimit is how long a scrape waits for the status; Prometheus itself gives up
// after ten seconds, if it is not told otherwise.
const scrapeLimit = 10 * time.Second

// metrics answers scrapes from the status document: nothing is counted for them
// anywhere else, and without a scrape they cost nothing. It says nothing that grows
// but with the configuration.
func metrics(ask func(context.Context) (any, error)) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{ask}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
}

// collector turns a status document into metrics.
type collector struct {
	ask func(context.Context) (any, error)
}

// Describe says nothing: which metrics there are depends on what is configured.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks for the document. A daemon that is stopping has none.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	document, err := c.ask(ctx)
	if err != nil {
		return
	}
	d := document.(Document)
	s := sample{out}
	s.daemon(d)
	for _, i := range d.VRRPInstances {
		s.instance(i, d.counted)
	}
	for _, v := range d.VirtualServers {
		s.service(v)
	}
	s.kernel(d.IPVS)
}

// family is what metrics of one name have in common.
func family(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("hald_"+name, help, labels, nil)
}

var (
	buildInfo     = family("build_info", "1, with the version of hald as a label.", "version", "goversion")
	uptime        = family("uptime_seconds", "How long the daemon has been running.")
	ready         = family("ready", "1 if the daemon does its work: what /readyz says.")
	configHash    = family("config_hash_info", "1, with the hash of the configuration in force as a label.", "hash")
	reloadGood    = family("config_last_reload_successful", "1 if the last reload was applied, 0 if it was refused.")
	reloadTime    = family("config_last_reload_success_timestamp_seconds", "When a configuration was last applied.")
	maintenanceOn = family("maintenance", "1 while the whole director is out of the election.")
	stateKept     = family("planned_work_kept", "1 if maintenance, standbys and overrides would survive a restart.")
	peerUp        = family("peer_up", "1 while the director that admin.peer names answers as one.")
	notifyQueue   = family("notify_queue", "Events that wait for a notifier, or are being told.", "notifier")
	notifyTold    = family("notify_told_total", "Events that a notifier has told.", "notifier")
	notifyLost    = family("notify_lost_total", "Events that a notifier gave up, or dropped because its queue was full.", "notifier")
	eventsSeen    = family("events_total", "Events by name.", "event")
)

// sample is where the metrics of one scrape go.
type sample struct{ out chan<- prometheus.Metric }

func (s sample) gauge(f *prometheus.Desc, value float64, labels ...string) {
	s.out <- prometheus.MustNewConstMetric(f, prometheus.GaugeValue, value, labels...)
}

func (s sample) counter(f *prometheus.Desc, value float64, labels ...string) {
	s.out <- prometheus.MustNewConstMetric(f, prometheus.CounterValue, value, labels...)
}

func (s sample) daemon(d Document) {
	s.gauge(buildInfo, 1, d.Version, runtime.Version())
	s.gauge(uptime, d.UptimeS)
	s.gauge(ready, truth(d.NotReady == ""))
	s.gauge(configHash, 1, d.Config.Hash)
	s.gauge(reloadGood, truth(!d.counted.rejected))
	if !d.counted.applied.IsZero() {
		s.gauge(reloadTime, float64(d.counted.applied.UnixMilli())/1000)
	}
	s.gauge(maintenanceOn, truth(d.Maintenance != nil))
	s.gauge(stateKept, truth(d.Kept))
	if d.Peer != nil {
		s.gauge(peerUp, truth(d.Peer.Reachable))
	}
	for _, n := range d.Notifiers {
		s.gauge(notifyQueue, float64(n.Queue), n.Name)
		s.counter(notifyTold, float64(n.Told), n.Name)
		s.counter(notifyLost, float64(n.Lost), n.Name)
	}
	for name, n := range d.counted.events {
		s.counter(eventsSeen, float64(n), name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
