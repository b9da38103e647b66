package ipvsctl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sysctls are those that are read: all that anybody here may want.
var sysctls = []string{"expire_nodest_conn", "expire_quiescent_template", "sync_refresh_period", "sync_threshold"}

func sysctlFile(name string) string { return filepath.Join("/proc/sys/net/ipv4/vs", name) }

// readSysctls reads the settings of the calling process's network namespace; one
// that this kernel does not have is left out.
func readSysctls() map[string]string {
	values := make(map[string]string, len(sysctls))
	for _, name := range sysctls {
		if b, err := os.ReadFile(sysctlFile(name)); err == nil {
			values[name] = strings.Join(strings.Fields(string(b)), " ")
		}
	}
	return values
}

func writeSysctl(s Sysctl) error {
	if err := os.WriteFile(sysctlFile(s.Name), []byte(s.Value+"\n"), 0o644); err != nil {
		return fmt.Errorf("write net.ipv4.vs.%s: %w", s.Name, err)
	}
	return nil
}
