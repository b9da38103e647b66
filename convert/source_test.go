package convert

import (
	"slices"
	"strings"
	"testing"
)

// resolved is what the lines of a text come to.
func resolved(text string) (all []string, report *Report) {
	report = &Report{}
	s := &source{most: maxLines, id: "main", report: report, names: map[string]string{}, folder: "/etc/keepalived"}
	s.text("test.conf", text, 0)
	for _, l := range s.lines {
		var words []string
		for _, w := range l.words {
			words = append(words, w.text)
		}
		all = append(all, strings.Join(words, "|"))
	}
	return all, report
}

// TestAdvanced are the examples of keepalived.conf(5), ADVANCED CONFIGURATION.
func TestAdvanced(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"condition", "@main router_id a\n@backup router_id b\n@^backup\tx\n@^main y", []string{"router_id|a", "x"}},
		{"parameter", "$ADDRESS_BASE=10.2.${ADDRESS_BASE_SUB}\n$ADDRESS_BASE_SUB=0\n${ADDRESS_BASE}.100/32\n$ADDRESS_BASE_SUB=10\n${ADDRESS_BASE}.100/32",
			[]string{"10.2.0.100/32", "10.2.10.100/32"}},
		{"unknown parameter", "a ${UNDEF} $UNDEF b", []string{"a|${UNDEF}|$UNDEF|b"}},
		{"parameter and condition", "@main $P=240\n@backup $P=200\npriority $P\n$IF_MAIN=@main\n$IF_MAIN priority 1\n$IF_X=@x\n$IF_X priority 2", []string{"priority|240", "priority|1"}},
		{"several lines", "$I= \\\n vrrp_instance VI_${NUM} { \\\n @main priority 130 \\\n @low priority 120 \\\n }\n$NUM=0\n$I\n$NUM=1\n$I",
			[]string{"vrrp_instance|VI_0|{", "priority|130", "}", "vrrp_instance|VI_1|{", "priority|130", "}"}},
		{"predefined", "a ${_PWD}/x ${_INSTANCE} ${_HASH} ${_BANG}", []string{"a|/etc/keepalived/x|main|#|!"}},
		{"sequence", "~SEQ(SUBNET, 0, 3) ip_address 10.0.${SUBNET}.1", []string{"ip_address|10.0.0.1", "ip_address|10.0.1.1", "ip_address|10.0.2.1", "ip_address|10.0.3.1"}},
		{"sequence with a step", "~SEQ(A, 6, -2, 2) $A\n~SEQ(A, 2) $A\n~SEQ(A, -2) $A", []string{"6", "4", "2", "1", "2", "-1", "-2"}},
		{"hexadecimal", "~SEQx(S, 0x90, 0x10, 0xb0) fe80::${S}:1", []string{"fe80::90:1", "fe80::a0:1", "fe80::b0:1"}},
		{"list", "~LST(IP, 1, 2) ~LST(IP1, 5,6) 192.169.${IP}.${IP1}", []string{"192.169.1.5", "192.169.1.6", "192.169.2.5", "192.169.2.6"}},
		{"list of several", "~LST({IP, IP1}, {10,1},{20,4}) ~SEQ(X,1,2) 192.${X}.${IP}.${IP1}", []string{"192.1.10.1", "192.2.10.1", "192.1.20.4", "192.2.20.4"}},
		{"quotes", `abcd" efg h jkl "mnop abcd "efg h jkl" mnop 'it"s' "a\x41\102\tb\"c"`, []string{"abcd efg h jkl mnop|abcd|efg h jkl|mnop|it\"s|aAB\tb\"c"}},
		{"predefined in quotes", "a \"b ${_HASH} c\"", []string{"a|b # c"}},
		{"comments", "a # b\n! c\n\"d # e\" f!g", []string{"a", "", "d # e|f", ""}},
		{"braces", "a{ b\n}\n{ ${x{ }", []string{"a|{|b", "}", "{|${x|{|}"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, report := resolved(test.text)
			got = slices.DeleteFunc(got, func(s string) bool { return s == "" })
			want := slices.DeleteFunc(slices.Clone(test.want), func(s string) bool { return s == "" })
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
			if report.Losses() > 0 {
				t.Error(report)
			}
		})
	}
}

// TestBounds: what never ends, ends.
func TestBounds(t *testing.T) {
	for _, text := range []string{
		"$A=$A\n$A\n",
		"$A= \\\n$B \\\n$B\n$B= \\\n$A \\\n$A\n$A\n",
		"$A= \\\n \\\n \\\n$A \\\n$A\n$A\n",
		"~SEQ(A, 1, 60000) ~SEQ(B, 1, 60000) ~SEQ(C, 1, 60000) x\n",
		"$A=\\\n",
		strings.Repeat("x", maxLength+1),
	} {
		all, report := resolved(text)
		if report.Losses() == 0 || len(all) > maxLines {
			t.Errorf("%.40q: %d lines, %v", text, len(all), report)
		}
	}
}

func TestArgv(t *testing.T) {
	if got, want := argv("/bin/x  a 'b c' d'e f'g ''"), []string{"/bin/x", "a", "b c", "de fg", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
