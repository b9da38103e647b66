package netif

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// BenchmarkThousand measures what a thousand addresses of one link cost: to claim,
// to renew together and eight at a time, to release.
func BenchmarkThousand(b *testing.B) {
	for name, address := range map[string]func(int) netip.Prefix{
		"IPv4": func(i int) netip.Prefix {
			return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(i%250 + 1)}), 32)
		},
		"IPv6": func(i int) netip.Prefix {
			return netip.MustParsePrefix(fmt.Sprintf("2001:db8:1::%x/128", i+1))
		},
	} {
		b.Run(name, func(b *testing.B) {
			a, eth0 := inNamespace6(b, "2001:db8::1/64")
			var many []netip.Prefix
			for i := range 1000 {
				many = append(many, address(i))
			}
			measureThousand(b, a, eth0, many)
		})
	}
}

func measureThousand(b *testing.B, a *Addresses, eth0 int, many []netip.Prefix) {
	do := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var claim, renew, portions, worst, release time.Duration
	for b.Loop() {
		start := time.Now()
		do(a.Claim(eth0, virtually(many), time.Minute))
		claimed := time.Now()
		do(a.Claim(eth0, virtually(many), time.Minute))
		renewed := time.Now()
		links, err := List()
		do(err)
		for some := range slices.Chunk(virtually(many), 8) {
			before := time.Now()
			do(a.Renew(links, "eth0", some, time.Minute))
			portions, worst = portions+time.Since(before), max(worst, time.Since(before))
		}
		last := time.Now()
		do(a.Release(eth0, many))
		claim, renew, release = claim+claimed.Sub(start), renew+renewed.Sub(claimed), release+time.Since(last)
	}
	report := func(d time.Duration, n int, unit string) {
		b.ReportMetric(float64(d.Microseconds())/1e3/float64(n), unit)
	}
	report(claim, b.N, "claim-ms")
	report(renew, b.N, "renew-ms")
	report(portions, b.N, "renew-in-portions-ms")
	report(worst, 1, "longest-portion-ms")
	report(release, b.N, "release-ms")
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
