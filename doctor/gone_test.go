package doctor

import (
	"slices"
	"strings"
	"testing"
)

// Which settings are looked at hangs on what services do with servers that fail, and a word of
// the configuration comes before the kernel's.
func TestEndings(t *testing.T) {
	persistent := "protocol   = \"tcp\"\n  persistence = \"60s\"\n  on_fail = "
	for _, c := range []struct {
		name, with, more string
		want             []string
	}{
		{"removed", "protocol   = \"tcp\"", "", []string{"expire_nodest_conn"}},
		{"quiesced", "protocol   = \"tcp\"\n  on_fail = \"quiesce\"", "", nil},
		{"persistent, removed", persistent + `"remove"`, "", []string{"expire_nodest_conn"}},
		{"persistent, drained", persistent + `"drain"`, "", []string{"expire_nodest_conn", "expire_quiescent_template"}},
		{"persistent, quiesced", persistent + `"quiesce"`, "", []string{"expire_quiescent_template"}},
		{"decided", persistent + `"drain"`, "ipvs {\n  expire_nodest_conn = false\n  expire_quiescent_template = true\n}\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := healthy()
			f.Sysctls = map[string]string{"net.ipv4.ip_forward": "1"}
			var bad []string
			for _, finding := range Diagnose(load(t, strings.Replace(cluster, "protocol   = \"tcp\"", c.with, 1)+c.more), f) {
				if finding.Level != OK {
					bad = append(bad, finding.Check)
				}
			}
			if !slices.Equal(bad, c.want) {
				t.Errorf("found %v, want %v", bad, c.want)
			}
		})
	}
}
