package integration

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hald-project/hald/integration/lab"
)

// document is what tools may rely on in `hald status -o json`.
type document struct {
	Cluster  string
	Director string
	Version  string
	UptimeS  float64 `json:"uptime_s"`
	Config   struct {
		Hash     string
		LoadedAt time.Time `json:"loaded_at"`
	}
	Instances []struct {
		Name              string
		State             string
		Priority          int
		EffectivePriority int `json:"effective_priority"`
		VRID              int
		Interface         string
		VirtualAddresses  []string `json:"virtual_addresses"`
		Master            string
		Since             time.Time
		Reason            string
		Transitions       int
		AdvertsSent       int `json:"adverts_sent"`
		AdvertsReceived   int `json:"adverts_received"`
		AdvertsDiscarded  int `json:"adverts_discarded"`
		Faults            []string
		Trackers          []struct {
			Name, Kind, State string
			Weight            int
			Error             string
			Since             time.Time
		}
		Standby struct{ Until time.Time }
	} `json:"vrrp_instances"`
	Services []struct {
		Name      string
		Addresses []string
		Quorum    int
		HasQuorum bool `json:"has_quorum"`
		Sorry     bool
		Error     string
		Servers   []struct {
			Name            string
			Address         string
			State           string
			Weight          int
			EffectiveWeight int `json:"effective_weight"`
			Checks          []struct {
				Kind      string
				OK        bool
				Error     string
				LatencyMS float64 `json:"latency_ms"`
			}
		} `json:"real_servers"`
	} `json:"virtual_servers"`
}

// documentOf asks a running daemon.
func documentOf(t *testing.T, h *lab.Hald) (d document) {
	t.Helper()
	out, status := h.Command("status", "-o", "json")
	if status != 0 {
		t.Fatalf("hald status on %s: exit status %d: %s", h.Name(), status, out)
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("hald status on %s: %v: %s", h.Name(), err, out)
	}
	return d
}
