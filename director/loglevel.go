package director

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hald-project/hald/event"
)

// LogLevels are those of the log, the loudest first.
var LogLevels = []string{"debug", "info", "warn", "error"}

// LogLevelOrder has the log of the running daemon at another level. It holds until
// the daemon is started again, or a reload brings another level.
type LogLevelOrder struct {
	Level string `json:"level"`
}

// LogStatus is the log as it is now.
type LogStatus struct {
	Level string `json:"level"`
	By    string `json:"by,omitempty"` // who ordered it; empty: nobody, it is that of the start or of the configuration
}

// levelOrder is the admin socket's. What all processes report goes through the one
// log of this one, whose level so is everybody's.
func (l *life) levelOrder(ctx context.Context, by string, body json.RawMessage) error {
	var o LogLevelOrder
	if err := understand(body, &o); err != nil {
		return err
	}
	if !slices.Contains(LogLevels, o.Level) {
		return fmt.Errorf("log level %q is unknown: use %s", o.Level, strings.Join(LogLevels, ", "))
	}
	select {
	case l.messages <- message{level: &LogStatus{o.Level, by}}:
		return nil
	case <-ctx.Done():
		return errors.New("it is stopping")
	}
}

// obeyLevel changes the level. That it was ordered is told at the louder one of both.
func (l *life) obeyLevel(s LogStatus) {
	louder := slices.Index(LogLevels, s.Level) < slices.Index(LogLevels, l.log.Level)
	if louder {
		l.setLevel(s)
	}
	l.emit(event.Event{Name: "daemon.order", Reason: "log-level " + s.Level, By: s.By})
	if !louder {
		l.setLevel(s)
	}
}

// adoptLevel follows a configuration whose level is another than that of the one
// before, unless the command line has one.
func (l *life) adoptLevel(was, is string) {
	if was != is && !l.d.LogLevelGiven {
		l.setLevel(LogStatus{Level: is})
	}
}

func (l *life) setLevel(s LogStatus) {
	l.log = s
	l.d.Relevel(s.Level)
}
