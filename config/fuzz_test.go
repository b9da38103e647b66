package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzLoad: whatever a file holds, Load returns a configuration or at least
// one error, and the messages can be rendered.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/valid/*.hcl", "testdata/invalid/*.hcl", "testdata/*/*.json", "../examples/*.hcl"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, strings.HasSuffix(name, ".json"))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, asJSON bool) {
		name := "fuzz.hcl"
		if asJSON {
			name = "fuzz.json"
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, d := Load(path, "lb1")
		if (c == nil) != d.HasErrors() {
			t.Errorf("config %t, errors %t", c != nil, d.HasErrors())
		}
		if err := d.WriteText(&strings.Builder{}, 80, true); err != nil {
			t.Error(err)
		}
		if c != nil {
			checkSound(t, c)
		}
	})
}

// checkSound holds a configuration against the promises of its types.
func checkSound(t *testing.T, c *Config) {
	for _, in := range c.Instances {
		if in.VRID == 0 || in.Priority == 0 || in.Interface == "" || in.Name == "" || in.Interval <= 0 || in.Announce.Count < 1 {
			t.Errorf("instance %+v", in)
		}
		if in.Version != 2 && in.Version != 3 || len(in.Password) > maxSimple || in.NoPreempt && in.PreemptDelay != 0 || in.Version == 3 && in.Password != "" {
			t.Errorf("instance %+v", in)
		}
		for _, peer := range in.Peers {
			if familyOf(peer) != familyOf(in.SourceAddress) || peer == c.Director.Address {
				t.Errorf("peers %v of %v", in.Peers, in.SourceAddress)
			}
		}
		if len(in.Addresses) > 0 && in.SourceAddress.IsValid() && familyOf(in.SourceAddress) != familyOf(in.Addresses[0].Prefix.Addr()) {
			t.Errorf("from %v for %v", in.SourceAddress, in.Addresses)
		}
		if in.Lease != 0 && in.Lease < downInterval(int(in.Version), in.Interval, int(in.Priority)) {
			t.Errorf("lease %s", in.Lease)
		}
	}
	for _, sv := range c.Services {
		if (len(sv.Addresses) == 0) != (sv.Mark != 0) || len(sv.Servers) == 0 || sv.Name == "" || (sv.Protocol == "") != (sv.Mark != 0) || sv.Scheduler == "" || sv.Quorum < 1 {
			t.Errorf("service %+v", sv)
		}
		for _, s := range sv.Servers {
			if !s.Address.IsValid() || (s.Tunnel != Tunnel{}) && s.Forwarding != "tun" || s.Forwarding == "" || s.Forwarding == "dr" && s.Address.Port() != 0 || s.Weight < 0 || s.Weight > 65535 {
				t.Errorf("server %+v", s)
			}
			for _, check := range s.Checks {
				if check.Timeout > check.Interval || check.Timeout <= 0 || check.Fall < 1 || check.Rise < 1 ||
					check.Target.Port() == 0 && s.Find == nil && !slices.Contains(portless, check.Kind) || (check.Kind == "exec") != (len(check.Command) > 0) {
					t.Errorf("check %+v", check)
				}
			}
		}
	}
}

// fuzzEdits replaces a stretch of many virtual servers, or of a configuration in testdata,
// seeded with each of the inserts at places all over it.
func fuzzEdits(f *testing.F, inserts []string, test func(t *testing.T, before, after string)) {
	texts := []string{manyServers(3), manyServers(2) + generated}
	files, _ := filepath.Glob("testdata/valid/*.hcl")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for i := range texts {
		for k, insert := range inserts {
			f.Add(uint8(i), uint16(len(texts[i])*(k+2)/(len(inserts)+3)), uint16(k%3), insert)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, at, less uint16, insert string) {
		text := texts[int(which)%len(texts)]
		from := min(int(at), len(text))
		to := min(from+int(less), len(text))
		test(t, text, text[:from]+insert+text[to:])
	})
}
