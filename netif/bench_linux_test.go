package netif

import (
	"net/netip"
	"testing"
	"time"
)

// BenchmarkThousand measures what a thousand addresses of one link cost.
func BenchmarkThousand(b *testing.B) {
	inNamespace(b)
	a, eth0, many := openAddresses(b), linkIndex(b, "eth0"), thousand()
	do := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var claim, renew, release time.Duration
	for b.Loop() {
		start := time.Now()
		do(a.Claim(eth0, virtually(many), time.Minute))
		claimed := time.Now()
		do(a.Claim(eth0, virtually(many), time.Minute))
		renewed := time.Now()
		do(a.Release(eth0, many))
		claim, renew, release = claim+claimed.Sub(start), renew+renewed.Sub(claimed), release+time.Since(renewed)
	}
	report := func(d time.Duration, unit string) {
		b.ReportMetric(float64(d.Microseconds())/1e3/float64(b.N), unit)
	}
	report(claim, "claim-ms")
	report(renew, "renew-ms")
	report(release, "release-ms")
}

// BenchmarkRestore measures from the removal of an address behind our back to
// the snapshot without it, and to the address being back.
func BenchmarkRestore(b *testing.B) {
	inNamespace(b)
	out := watch(b, new(Watcher))
	a, eth0 := openAddresses(b), linkIndex(b, "eth0")
	vip := []netip.Prefix{netip.MustParsePrefix("192.0.2.9/24")}
	claim(b, a, eth0, time.Minute, "192.0.2.9/24")
	until(b, out, "the claim", holds("eth0", "192.0.2.9/24"))
	thief := openAddresses(b)
	var seen, back, worst time.Duration
	for b.Loop() {
		start := time.Now()
		if err := thief.Release(eth0, vip); err != nil {
			b.Fatal(err)
		}
		until(b, out, "the removal", not(holds("eth0", "192.0.2.9/24")))
		noticed := time.Since(start)
		if err := a.Claim(eth0, virtually(vip), time.Minute); err != nil {
			b.Fatal(err)
		}
		seen, back, worst = seen+noticed, back+time.Since(start), max(worst, noticed)
		until(b, out, "the restored address", holds("eth0", "192.0.2.9/24"))
	}
	b.ReportMetric(float64(seen.Microseconds())/float64(b.N), "noticed-µs")
	b.ReportMetric(float64(worst.Microseconds()), "noticed-worst-µs")
	b.ReportMetric(float64(back.Microseconds())/float64(b.N), "restored-µs")
}
