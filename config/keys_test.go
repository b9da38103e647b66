package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeysAreNotShown: whatever is wrong with or around a key that is written
// down in the text, no message has it.
func TestKeysAreNotShown(t *testing.T) {
	const head = twoDirectors + "vrrp_instance \"x\" {\n  interface = \"eth0\"\n  virtual_router_id = 1\n  virtual_addresses = [\"192.0.2.1\"]\n"
	const jsonHead = `{"cluster": {"x": {"director": {"lb1": {}}}}, "vrrp_instance": {"x": {"interface": "eth0", "virtual_router_id": 1,
"virtual_addresses": ["192.0.2.1"], "version": 2, `
	for i, text := range []string{
		head + "authentication {\n type = \"simple\"\n key = \"" + secretValue + "\"\n}\n}\n",
		head + "authentication {\n type = \"hmac-sha256\"\n key = \"" + secretValue + "\"\n}\n}\n",
		head + "authentication {\n type = \"hmac-sha256\"\n id = 1\n required = 1\n key = \"" + strings.Repeat(secretValue, 3) + "\"\n}\n}\n",
		head + "version = 2\nauthentication {\n type = \"simple\"\n kye = \"" + secretValue + "\"\n}\n}\n",
		head + "version = 2\nauthentication {\n type = \"simple\"\n key = \"" + secretValue + "\n}\n}\n",
		head + "version = 2\nauthentication {\n type = \"simple\"\n key = hunterkey\n}\n}\n",
		head + "version = 2\nauthentication {\n type = \"simple\"\n key = \"\\s" + secretValue + "\"\n}\n}\n",
		head + "version = 2\nauthentication {\n type = \"simple\"\n # } {\n key = parseint(\"" + secretValue + "\", 10)\n}\n}\n",
		head + "version = 2\nauthentication {\n type = \"simple\"\n key = <<E\n" + secretValue + "\nE\n}\n}\n",
		head + "version = 2\nauthentication {\n auth_type PASS\n auth_pass " + secretValue + "\n}\n}\n",
		head + "authentication { key = \"" + secretValue + "\" }\n}\n",
		head + "authentication \"" + secretValue + "\" {\n}\n}\n",
		head + "authentication = { type = \"simple\", key = \"" + secretValue + "\" }\n}\n",
		head + "version = 2\ndynamic \"authentication\" {\n for_each = [\"" + secretValue + "\"]\n content {\n type = \"simple\"\n key = authentication.value\n}\n}\n}\n",
		twoDirectors + "vrrp_defaults {\n  authentication {\n key = \"" + secretValue + "\"\n}\n}\n",
		jsonHead + `"authentication": {"type": "simple", "key": "` + secretValue + `"}}}}`,
		jsonHead + `"authentication": [{"type": "simple", "key": hunterkey}]}}}`,
		jsonHead + `"authentication": {"type": "simple", "key": "${` + secretValue + `}"}}}}`,
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			name := "a.hcl"
			if strings.HasPrefix(text, "{") {
				name = "a.json"
			}
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, d := Load(path, "lb1")
			if !d.HasErrors() {
				t.Fatal("not refused")
			}
			all := rendered(t, d) + fmt.Sprint(d.Messages()) + d.Err().Error()
			if strings.Contains(all, "s3cr3t") || strings.Contains(all, "hunterkey") {
				t.Errorf("%s\n\n%s", text, all)
			}
		})
	}
}

// TestLinesAroundKeysAreShown: only what may be a key is left out.
func TestLinesAroundKeysAreShown(t *testing.T) {
	text := "# authentication is below {\na = 1\nauthentication {\n  type = \"x\"\n  key  = file(\"y\")\n  key = \"z\"\n}\nb = 2\n"
	want := []bool{false, false, false, false, false, true, true, false}
	spans := keySpans([]byte(text))
	at, i := 0, 0
	for line := range strings.Lines(text) {
		if got := holdsKey(spans, at, []byte(strings.TrimSuffix(line, "\n"))); got != want[i] {
			t.Errorf("%q: %t", line, got)
		}
		at += len(line)
		i++
	}
}

// TestHexKeys: a key that is no text is read byte by byte, as keepalived reads it.
func TestHexKeys(t *testing.T) {
	for _, tt := range []struct {
		length int
		ok     bool
	}{{minHMAC - 1, false}, {minHMAC, true}, {maxHMAC, true}, {maxHMAC + 1, false}} {
		var secret []byte
		for i := range tt.length {
			secret = append(secret, byte(0xff-i))
		}
		got, err := parseHMAC(fmt.Sprintf("hex:%x", secret))
		if (err == nil) != tt.ok || tt.ok && got != string(secret) {
			t.Errorf("%d bytes: %x, %v", tt.length, got, err)
		}
	}
}
