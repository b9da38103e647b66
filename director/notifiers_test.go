package director

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/notify"
)

func TestNotifiers(t *testing.T) {
	got := notifiers([]config.Notifier{
		{Name: "pager", Events: []string{"*"}, Kind: "webhook", GiveUp: time.Minute,
			Webhook: config.NotifyWebhook{URL: "https://a", Headers: map[string]string{"A": "b"}, Secret: "s", CA: "/ca", Timeout: time.Second}},
		{Name: "script", Kind: "exec", Exec: config.NotifyExec{Command: []string{"/a"}, Timeout: time.Hour, User: "u", Before: true}},
		{Name: "mail", Kind: "smtp", SMTP: config.NotifySMTP{Server: "a:25", From: "b", To: []string{"c"}, Username: "d", Password: "e", StartTLS: true, CA: "/f", Timeout: 2, Collect: 3}},
	})
	want := []notify.Config{
		{Name: "pager", Events: []string{"*"}, GiveUp: time.Minute, Timeout: time.Second, Webhook: &notify.Webhook{URL: "https://a", Headers: map[string]string{"A": "b"}, Secret: "s", CA: "/ca"}},
		{Name: "script", Timeout: time.Hour, Before: true, Exec: &notify.Exec{Command: []string{"/a"}, User: "u"}},
		{Name: "mail", Timeout: 2, SMTP: &notify.SMTP{Server: "a:25", From: "b", To: []string{"c"}, Username: "d", Password: "e", StartTLS: true, CA: "/f", Collect: 3}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(notify.Config{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A notifier that cannot tell is known in the status, loses at the end what it has,
// and says so; in a trial there is none.
func TestANotifierThatFails(t *testing.T) {
	for _, dry := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			quiet := func(status any) plot {
				return func(ctx context.Context, link end, _ int) error {
					json.NewEncoder(link).Encode(status)
					io.Copy(io.Discard, link)
					return nil
				}
			}
			s := perform(t, quiet(masterReport), quiet(upReport), func(d *Director) {
				d.DryRun = dry
				d.Config.Notifiers = []config.Notifier{{Name: "pager", Events: []string{"daemon.*"}, Kind: "webhook", GiveUp: time.Hour,
					Webhook: config.NotifyWebhook{URL: "https://127.0.0.1:1/", CA: "/nowhere", Timeout: time.Second}}}
			})
			time.Sleep(time.Minute)
			document, err := s.life.ask(t.Context())
			list := document.(Document).Notifiers
			switch {
			case err != nil:
				t.Error(err)
			case dry && len(list) > 0:
				t.Errorf("in a trial: %+v", list)
			case !dry && (len(list) != 1 || list[0].Queue != 1 || list[0].LastError == ""):
				t.Errorf("status: %+v", list)
			}
			if took := s.leave(); took > time.Second {
				t.Errorf("it took %v to leave", took)
			}
			if told := slices.Contains(s.story(), "notify.failed"); told == dry {
				t.Errorf("notify.failed in the story: %t", told)
			}
		})
	}
}
