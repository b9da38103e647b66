package director

import (
	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/notify"
)

// notifiers are the notify blocks as the notifiers know them.
func notifiers(blocks []config.Notifier) (list []notify.Config) {
	for _, b := range blocks {
		n := notify.Config{Name: b.Name, Events: b.Events, GiveUp: b.GiveUp}
		switch b.Kind {
		case "webhook":
			n.Timeout = b.Webhook.Timeout
			n.Webhook = &notify.Webhook{URL: b.Webhook.URL, Headers: b.Webhook.Headers, Secret: b.Webhook.Secret, CA: b.Webhook.CA}
		case "smtp":
			n.Timeout = b.SMTP.Timeout
			n.SMTP = &notify.SMTP{
				Server: b.SMTP.Server, From: b.SMTP.From, To: b.SMTP.To, Username: b.SMTP.Username, Password: b.SMTP.Password,
				StartTLS: b.SMTP.StartTLS, CA: b.SMTP.CA, Collect: b.SMTP.Collect,
			}
		case "exec":
			n.Timeout, n.Before = b.Exec.Timeout, b.Exec.Before
			n.Exec = &notify.Exec{Command: b.Exec.Command, User: b.Exec.User}
		}
		list = append(list, n)
	}
	return list
}
