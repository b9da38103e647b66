package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// manyServers is a configuration of n virtual servers without anything to warn of.
func manyServers(n int) string {
	var text strings.Builder
	text.WriteString("cluster \"big\" {\n  director \"lb1\" {}\n}\nlocals {\n  heavy = 2\n}\n")
	fmt.Fprintf(&text, "vrrp_instance \"big\" {\n  interface = \"eth0\"\n  virtual_router_id = 51\n  virtual_addresses = [for i in range(0, 250) : cidrhost(\"10.1.0.0/16\", 256 + i)]\n}\n")
	text.WriteString("virtual_server_defaults {\n  protocol   = \"tcp\"\n  forwarding = \"dr\"\n  check \"http\" {\n    path = \"/\"\n  }\n}\n")
	for i := range n {
		fmt.Fprintf(&text, "virtual_server \"s%d\" { # number %d\n  addresses  = [\"10.1.1.%d:%d\"]\n", i, i, i%250, 80+i/250)
		for j := range 10 {
			fmt.Fprintf(&text, "  real_server \"r%d\" {\n    address = \"10.2.%d.%d\"\n    weight  = local.heavy\n  }\n", j, i/20, i%20*10+j)
		}
		text.WriteString("}\n")
	}
	return text.String()
}

// lines replaces texts one after the other.
func lines(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// TestLoaderReadsWhatIsDifferent: what it says is what Load says, and virtual servers whose text
// is the same were not read again, unless something else could have changed them.
func TestLoaderReadsWhatIsDifferent(t *testing.T) {
	first := manyServers(6)
	service := func(i int) string {
		text := first[strings.Index(first, fmt.Sprintf("virtual_server \"s%d\"", i)):]
		return text[:strings.Index(text, "}\n}\n")+4]
	}
	for name, tt := range map[string]struct {
		from, to string // empty from: the one above
		anew     string // the names of those that are read
	}{
		"nothing":                      {"", first, ""},
		"a comment":                    {"", lines(first, "# number 3", "# number three"), "s3"},
		"a weight":                     {"", lines(first, service(2), lines(service(2), "local.heavy", "7")), "s2"},
		"a server more":                {"", lines(first, service(2), lines(service(2), "  real_server \"r3\"", "  real_server \"x\" {\n    address = \"10.3.0.1\"\n  }\n  real_server \"r3\"")), "s2"},
		"a server less":                {"", lines(first, "  real_server \"r3\" {\n    address = \"10.2.0.3\"\n    weight  = local.heavy\n  }\n", ""), "s0"},
		"two services":                 {"", lines(first, "# number 1", "", "# number 3", ""), "s1 s2 s3"},
		"another name":                 {"", lines(first, "virtual_server \"s4\"", "virtual_server \"x4\""), "x4"},
		"a service more":               {"", lines(first, service(3), lines(service(3), "\"s3\"", "\"x3\"", "10.1.1.3:80", "10.1.1.3:81")+service(3)), "x3 s3"},
		"a service less":               {"", lines(first, service(3), ""), "s4"},
		"a local":                      {"", lines(first, "heavy = 2", "heavy = 3"), "s0 s1 s2 s3 s4 s5"},
		"the defaults":                 {"", lines(first, "path = \"/\"", "path = \"/up\""), "s0 s1 s2 s3 s4 s5"},
		"the address of another":       {"", lines(first, "10.1.1.3:80", "10.1.1.2:80"), "refused"},
		"the name of another":          {"", lines(first, "virtual_server \"s4\"", "virtual_server \"s1\""), "refused"},
		"an address of no instance":    {"", lines(first, "10.1.1.3:80", "10.9.1.2:80"), "s0 s1 s2 s3 s4 s5"},
		"a comment that never ends":    {"", lines(first, "# number 3", "/* number 3"), "refused"},
		"a string that never ends":     {"", lines(first, "\"10.1.1.3:80\"", "\"10.1.1.3:80"), "refused"},
		"a brace less":                 {"", lines(first, service(2), service(2)[:len(service(2))-2]), "refused"},
		"a brace more":                 {"", lines(first, service(2), service(2)+"}\n"), "refused"},
		"a comment behind":             {"", lines(first, service(5), strings.TrimSuffix(service(5), "\n")+" # last\n"), "s0 s1 s2 s3 s4 s5"},
		"something else in it":         {"", lines(first, service(2), lines(service(2), "# number 2", "}\nlog {\n  level = \"debug\"\n}\nvirtual_server \"y\" {")), "refused"},
		"with what the world says":     {lines(first, "weight  = local.heavy", "weight  = tonumber(file(\"weight\"))"), lines(first, "weight  = local.heavy", "weight  = tonumber(file(\"weight\"))", "# number 3", ""), "s0 s3"},
		"from what was generated":      {first + generated, lines(first, "# number 3", "") + generated, "s0 s1 s2 s3 s4 s5 g1 g2"},
		"that was refused and is back": {lines(first, "10.1.1.3:80", "10.1.1.2:80"), first, "s0 s1 s2 s3 s4 s5"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.from == "" {
				tt.from = first
			}
			path := filepath.Join(t.TempDir(), "big.hcl")
			write(t, filepath.Join(filepath.Dir(path), "weight"), "4")
			write(t, path, tt.from)
			var l Loader
			was, _ := l.Load(path, "lb1")
			write(t, path, tt.to)
			is := same(t, &l, path)
			got := "refused"
			if is != nil {
				got = strings.Join(readAnew(was, is), " ")
			}
			if got != tt.anew {
				t.Errorf("read anew: %s, want %s", got, tt.anew)
			}
		})
	}
}

const generated = `
dynamic "virtual_server" {
  for_each = { g1 = 91, g2 = 92 }
  labels   = [virtual_server.key]
  content {
    addresses = ["10.1.1.9:${virtual_server.value}"]
    real_server "a" { address = "10.4.0.1" }
  }
}
`

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// same loads by a loader and by Load, and compares what they say.
func same(t *testing.T, l *Loader, path string) *Config {
	t.Helper()
	got, told := l.Load(path, "lb1")
	want, says := Load(path, "lb1")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the loader differs (-want +got):\n%s", cmp.Diff(want, got, cmp.Comparer(func(a, b Check) bool { return reflect.DeepEqual(a, b) })))
	}
	if a, b := rendered(t, told), rendered(t, says); a != b {
		t.Errorf("the loader says\n%s\nand Load\n%s", a, b)
	}
	return got
}

// readAnew are the virtual servers whose servers are other ones in memory.
func readAnew(was, is *Config) (names []string) {
	for _, s := range is.Services {
		if was == nil || !slices.ContainsFunc(was.Services, func(w Service) bool { return &w.Servers[0] == &s.Servers[0] }) {
			names = append(names, s.Name)
		}
	}
	return names
}

// FuzzLoader: a stretch of a configuration is replaced, and the loader says what Load says.
func FuzzLoader(f *testing.F) {
	fuzzEdits(f, []string{"", "#", "/*", "*/", "\"", "}", "{", "\n", "<<X\n", "${", "2", "virtual_server \"new\" {\n}\n"}, func(t *testing.T, before, after string) {
		path := filepath.Join(t.TempDir(), "some.hcl")
		write(t, path, before)
		var l Loader
		l.Load(path, "lb1")
		write(t, path, after)
		same(t, &l, path)
		write(t, path, before)
		same(t, &l, path)
	})
}

// BenchmarkLoadAgain loads 1000 virtual servers with 10 real servers each, of which one has
// another weight than before.
func BenchmarkLoadAgain(b *testing.B) {
	path, text := filepath.Join(b.TempDir(), "big.hcl"), manyServers(1000)
	var l Loader
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		os.WriteFile(path, []byte(lines(text, "local.heavy", fmt.Sprint(n%7))), 0o600)
		if n == 0 {
			l.Load(path, "lb1")
		}
		b.StartTimer()
		if _, d := l.Load(path, "lb1"); len(d.Messages()) > 0 {
			b.Fatal(d.Messages()[0])
		}
	}
}
