package netif

import (
	"testing"
	"time"
)

// What a takeover costs where the link is there, down, where it is to be made
// first, and where the addresses go on the parent.

func BenchmarkTakeoverOnVirtualLink(b *testing.B) {
	m, v := inVirtualNamespace(b)
	a, l := openAddresses(b), ensure(b, m, v)
	for b.Loop() {
		if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual[:1]), time.Minute); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := a.ReleaseVirtual(l.Index, onVirtual[:1]); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkTakeoverOnVirtualLinkToBeMade(b *testing.B) {
	m, v := inVirtualNamespace(b)
	a := openAddresses(b)
	for b.Loop() {
		l := ensure(b, m, v)
		if err := a.ClaimVirtual(l.Index, l.Parent, claims(onVirtual[:1]), time.Minute); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := m.Remove(l); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkTakeoverOnParent(b *testing.B) {
	_, v := inVirtualNamespace(b)
	a := openAddresses(b)
	for b.Loop() {
		if err := a.Claim(v.Parent.Index, claims(onVirtual[:1]), time.Minute); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := a.Release(v.Parent.Index, onVirtual[:1]); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
