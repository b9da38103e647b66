package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const reference = "../docs/configuration.md"

// documented are the blocks that have a table of names in the reference, by
// the heading above it.
var documented = map[string]string{
	"cluster": "cluster", "director": "cluster/director",
	"vrrp_instance": "vrrp_instance", "gratuitous_arp": "vrrp_instance/gratuitous_arp", "authentication": "vrrp_instance/authentication",
	"virtual_address": "vrrp_instance/virtual_address", "virtual_route": "vrrp_instance/virtual_route", "virtual_rule": "vrrp_instance/virtual_rule",
	"vrrp_sync_group": "vrrp_sync_group",
	"virtual_server":  "virtual_server", "real_server": "virtual_server/real_server", "sorry_server": "virtual_server/sorry_server",
	"tunnel":        "virtual_server/tunnel",
	`check "https"`: "virtual_server/check/https", `check "tls"`: "virtual_server/check/tls", `check "grpc"`: "virtual_server/check/grpc",
	`track "https"`: "vrrp_instance/track/https", `track "tls"`: "vrrp_instance/track/tls", `track "grpc"`: "vrrp_instance/track/grpc",
	`check "tcp"`: "virtual_server/check/tcp", `check "http"`: "virtual_server/check/http", `check "exec"`: "virtual_server/check/exec",
	`track "interface"`: "vrrp_instance/track/interface", `track "script"`: "vrrp_instance/track/script", `track "file"`: "vrrp_instance/track/file",
	`track "process"`: "vrrp_instance/track/process", `track "virtual_server"`: "vrrp_instance/track/virtual_server",
	`track "tcp"`: "vrrp_instance/track/tcp", `track "http"`: "vrrp_instance/track/http",
	`check "udp"`: "virtual_server/check/udp", `check "dns"`: "virtual_server/check/dns", `check "smtp"`: "virtual_server/check/smtp",
	`check "ping"`: "virtual_server/check/ping", `check "file"`: "virtual_server/check/file",
	`track "udp"`: "vrrp_instance/track/udp", `track "dns"`: "vrrp_instance/track/dns", `track "smtp"`: "vrrp_instance/track/smtp",
	`track "ping"`: "vrrp_instance/track/ping", `track "exec"`: "vrrp_instance/track/exec",
	"ipvs": "ipvs", "timeouts": "ipvs/timeouts", "connection_sync": "ipvs/connection_sync", "log": "log", "admin": "admin",
	"notify": "notify", "webhook": "notify/webhook", "exec": "notify/exec", "smtp": "notify/smtp",
}

func readReference(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	heading = regexp.MustCompile("^##+ `(.*)`$")
	row     = regexp.MustCompile("^\\| `([^`]+)` \\|")
	quoted  = regexp.MustCompile("`([^`]+)`")
)

// TestReferenceNamesEverything: each table of the reference has the names that
// are built, all of them and no others.
func TestReferenceNamesEverything(t *testing.T) {
	tables := map[string][]string{}
	section := ""
	for line := range strings.Lines(readReference(t)) {
		line = strings.TrimSpace(line)
		if h := heading.FindStringSubmatch(line); h != nil {
			section = h[1]
		} else if strings.HasPrefix(line, "#") {
			section = ""
		}
		if r := row.FindStringSubmatch(line); r != nil && section != "" {
			tables[section] = append(tables[section], r[1])
		}
	}
	for _, title := range sortedKeys(documented) {
		g := at(documented[title])
		want := slices.Concat(g.attributes, sortedKeys(g.blocks))
		slices.Sort(want)
		got := slices.Sorted(slices.Values(tables[title]))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-built +documented):\n%s", title, diff)
		}
	}
}

// TestReferenceNamesFunctions: the list of functions is whole.
func TestReferenceNamesFunctions(t *testing.T) {
	_, text, _ := strings.Cut(readReference(t), "Functions:\n")
	text, _, _ = strings.Cut(text, "\n\n`env(")
	var got []string
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		got = append(got, m[1])
	}
	slices.Sort(got)
	if diff := cmp.Diff(sortedKeys((&source{}).functions(nil)), got); diff != "" {
		t.Errorf("(-built +documented):\n%s", diff)
	}
}

// TestExamplesInTheDocs: every configuration that a page of the documentation shows
// loads; in the README each together with those before it, which it adds to.
func TestExamplesInTheDocs(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]int{}
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		before := ""
		for _, part := range strings.Split(string(text), "```hcl\n")[1:] {
			example, _, _ := strings.Cut(part, "```")
			examples[filepath.Base(page)]++
			if filepath.Base(page) == "README.md" {
				before += example
				example = before
			}
			if _, d := loadText(t, example); len(d.Messages()) > 0 {
				t.Errorf("%s: %s\n%s", page, example, rendered(t, d))
			}
		}
	}
	for _, page := range []string{"README.md", "configuration.md", "tutorial.md"} {
		if examples[page] == 0 {
			t.Errorf("%s has no examples", page)
		}
	}
}

// TestTutorialShowsItsExample: the file that the tutorial is about is among the examples.
func TestTutorialShowsItsExample(t *testing.T) {
	example, err := os.ReadFile("../examples/tutorial.hcl")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```hcl\n"+string(example)+"```") {
		t.Error("docs/tutorial.md does not show examples/tutorial.hcl as it is")
	}
}
