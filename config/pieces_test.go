package config

import (
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// whole reads a configuration without cutting it into pieces.
func whole(path string) (*Config, Diagnostics) { return open(path).load("lb1") }

// inTwoWays reads a configuration in pieces, if that does, and whole; what both say is the same.
func inTwoWays(t *testing.T, path string) (pieced bool) {
	t.Helper()
	src, got, told := loaded(path, "lb1")
	want, says := whole(path)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("in pieces it differs (-whole +pieces):\n%s", cmp.Diff(want, got, cmp.Comparer(func(a, b Check) bool { return reflect.DeepEqual(a, b) })))
	}
	if diff := cmp.Diff(rendered(t, says), rendered(t, told)); diff != "" {
		t.Errorf("in pieces it says (-whole +pieces):\n%s", diff)
	}
	return src.list != nil
}

func TestPiecesSayWhatTheWholeSays(t *testing.T) {
	first := manyServers(4)
	for name, tt := range map[string]struct {
		text   string
		pieced bool
	}{
		"laid out":                       {first, true},
		"with warnings":                  {lines(first, "10.1.1.3:80", "10.9.1.2:80", "10.1.1.1:80", "10.9.1.1:80"), true},
		"lines that end in CR LF":        {strings.ReplaceAll(first, "\n", "\r\n"), true},
		"comments between":               {strings.ReplaceAll(first, "\n}\n", "\n} # over\n# next\n/* and\n}\nmore */\n"), true},
		"comments within":                {lines(first, "# number 2", "/*\nx */"), true},
		"the end without a line":         {strings.TrimSuffix(first, "\n"), true},
		"a comment around one":           {lines(first, "virtual_server \"s2\"", "/*\nvirtual_server \"s2\"", "virtual_server \"s3\"", "*/\nvirtual_server \"s3\""), false},
		"one in a string":                {lines(first, "path = \"/\"", "path = trimspace(<<X\n/\nvirtual_server \"x\" {\n}\nX\n)"), false},
		"a brace in a string":            {lines(first, "# number 2", "\n  scheduler = trimspace(<<X\nrr\n}\nX\n)"), false},
		"others laid out otherwise":      {lines(first, "virtual_server \"s2\"", "  virtual_server \"s2\""), false},
		"a name with an escape":          {lines(first, "\"s2\"", "\"s\\u0032\""), false},
		"generated":                      {first + generated, false},
		"something behind a brace":       {lines(first, "\n}\nvirtual_server \"s2\"", "\n} log {}\nvirtual_server \"s2\""), false},
		"generated within":               {lines(first, "  real_server \"r3\" {", "  dynamic \"real_server\" {\n    for_each = [\"x\"]\n    labels = [real_server.value]\n    content {\n      address = \"10.9.9.9\"\n    }\n  }\n  real_server \"r3\" {"), true},
		"an unknown name":                {lines(first, "weight", "wait"), false},
		"an unknown name in a check":     {lines(first, "  real_server \"r0\"", "  check \"http\" {\n    pat = \"/\"\n  }\n  real_server \"r0\""), false},
		"an unknown check":               {lines(first, "  real_server \"r0\"", "  check \"htp\" {\n  }\n  real_server \"r0\""), false},
		"two where one is":               {lines(first, "  real_server \"r0\"", "  sorry_server {\n    address = \"10.9.9.9\"\n  }\n  sorry_server {\n    address = \"10.9.9.8\"\n  }\n  real_server \"r0\""), false},
		"a name twice":                   {lines(first, "\"s2\"", "\"s1\""), false},
		"an attribute twice":             {lines(first, "    weight  = local.heavy\n", "    weight  = local.heavy\n    weight  = 2\n"), false},
		"attributes that are null":       {lines(first, "local.heavy", "null"), true},
		"computed in a plain block":      {lines(strings.ReplaceAll(first, "local.heavy", "2"), "\"10.1.1.1:80\"", "\"10.1.1.1:${40 * 2}\""), true},
		"an escape in a plain block":     {lines(strings.ReplaceAll(first, "local.heavy", "2"), "\"10.1.1.1:80\"", "\"10.1.1.1:$${80}\""), false},
		"what needs to be computed":      {lines(first, "\"10.1.1.1:80\"", "\"10.1.1.1:${40 * local.heavy}\""), true},
		"an error":                       {lines(first, "10.2.0.3", "10.2.0.333"), false},
		"an error and a warning":         {lines(first, "10.2.0.13", "10.2.0.333", "10.1.1.0:80", "10.9.1.2:80"), false},
		"brackets that are not closed":   {lines(first, "[\"10.1.1.2:80\"]", "[\"10.1.1.2:80\""), false},
		"a file without virtual servers": {first[:strings.Index(first, "virtual_server ")], false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "big.hcl")
			write(t, path, tt.text)
			if pieced := inTwoWays(t, path); pieced != tt.pieced {
				t.Errorf("in pieces: %t", pieced)
			}
		})
	}
	t.Run("several files", func(t *testing.T) {
		folder, at := t.TempDir(), strings.Index(first, "virtual_server \"s2\"")
		write(t, filepath.Join(folder, "a.hcl"), first[:at])
		write(t, filepath.Join(folder, "b.hcl"), lines(first[at:], "10.1.1.3:80", "10.9.1.2:80"))
		write(t, filepath.Join(folder, "c.hcl.json"), `{"log": {"level": "debug"}}`)
		if !inTwoWays(t, folder) {
			t.Error("not in pieces")
		}
		write(t, filepath.Join(folder, "c.hcl.json"), `{"virtual_server": {"j": {"addresses": ["10.1.1.7:80"], "real_server": {"a": {"address": "10.9.9.9"}}}}}`)
		if inTwoWays(t, folder) {
			t.Error("in pieces")
		}
	})
}

// TestPiecesCostLess: what is plain takes less than a third of the memory to read.
func TestPiecesCostLess(t *testing.T) {
	const servers = 1000
	path := filepath.Join(t.TempDir(), "big.hcl")
	write(t, path, strings.ReplaceAll(manyServers(servers/10), "local.heavy", "2"))
	allocated := func(load func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		load()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	pieces := allocated(func() { loaded(path, "lb1") })
	all := allocated(func() { whole(path) })
	if pieces > all/3 {
		t.Errorf("%d bytes a server in pieces, %d as a whole", pieces/servers, all/servers)
	}
}

// FuzzPieces: a stretch of a configuration is replaced, and in pieces it is what it is as a whole.
func FuzzPieces(f *testing.F) {
	fuzzEdits(f, []string{"", "#", "/*", "*/", "\"", "}", "{", "\n", "<<X\n", "${", "\n}\n", "\nvirtual_server \"s9\" {\n", "\r", "\xef\xbb\xbf", "e\u0301"}, func(t *testing.T, _, after string) {
		path := filepath.Join(t.TempDir(), "some.hcl")
		write(t, path, after)
		inTwoWays(t, path)
	})
}
