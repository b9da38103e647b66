package notify

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"github.com/hald-project/hald/event"
)

// compose writes a letter (RFC 5322) about events: the subject says the worst of them, so that it
// can be read on a phone; the text has a line for each.
func compose(from string, to []string, events []event.Event, now time.Time) ([]byte, error) {
	worst := events[0]
	for _, e := range events {
		if event.Severity(e.Name) > event.Severity(worst.Name) {
			worst = e
		}
	}
	subject := fmt.Sprintf("[%s/%s] %s", worst.Cluster, worst.Director, Summary(worst))
	if len(events) > 1 {
		subject += fmt.Sprintf(" (and %d more)", len(events)-1)
	}
	var letter bytes.Buffer
	for _, h := range [][2]string{
		{"From", from}, {"To", strings.Join(to, ", ")}, {"Date", now.Format(time.RFC1123Z)},
		{"Message-ID", fmt.Sprintf("<%d.%d@hald.invalid>", now.UnixNano(), worst.Seq)},
		{"Subject", mime.QEncoding.Encode("utf-8", inLine(subject))},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: nobody is on holiday to it
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&letter, "%s: %s\r\n", h[0], h[1])
	}
	letter.WriteString("\r\n")
	text := quotedprintable.NewWriter(&letter)
	for _, e := range events {
		fmt.Fprintf(text, "%s  %s\r\n", e.Time.Format("2006-01-02 15:04:05 MST"), inLine(Summary(e)))
	}
	fmt.Fprint(text, "\r\nIn full:\r\n\r\n")
	for _, e := range events {
		fmt.Fprintf(text, "%s\r\n", inLine(event.Text(e, false)))
	}
	fmt.Fprintf(text, "\r\nOn %s: hald status; hald events --since 10m\r\n", worst.Director)
	err := text.Close()
	return letter.Bytes(), err
}

// Summary is an event in a few words: what happened, to what, and why.
func Summary(e event.Event) string {
	var words []string
	add := func(format, value string) {
		if value != "" {
			words = append(words, fmt.Sprintf(format, value))
		}
	}
	add("%s", e.Instance)
	add("%s", e.Service)
	add("%s", e.Server)
	add("%s", e.Notifier)
	add("%s", e.Address)
	if e.From != "" || e.To != "" {
		words = append(words, e.From+" -> "+e.To)
	}
	add("(%s)", e.Reason)
	add("peer %s", e.Peer)
	text := event.Message(e.Name)
	if len(words) > 0 {
		text += ": " + strings.Join(words, " ")
	}
	if e.Error != "" {
		text += ": " + e.Error
	}
	if runes := []rune(text); len(runes) > maxSummary {
		text = string(runes[:maxSummary]) + "..."
	}
	return text
}

// maxSummary bounds it, in characters.
const maxSummary = 200
