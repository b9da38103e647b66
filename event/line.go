package event

import (
	"bytes"
	"io"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// timeLayout is RFC 3339 with microseconds: an advertisement interval may be
// 10 ms, so a log that is read beside a packet capture needs them.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// newCore builds the zap core that turns events into lines on out. It never
// samples. Format is "console" or "json"; colour applies to console only.
func newCore(out io.Writer, format string, colour bool, level zap.AtomicLevel) zapcore.Core {
	c := zapcore.EncoderConfig{
		TimeKey:          "ts",
		LevelKey:         "level",
		MessageKey:       "msg",
		LineEnding:       zapcore.DefaultLineEnding,
		EncodeTime:       zapcore.TimeEncoderOfLayout(timeLayout),
		EncodeLevel:      zapcore.LowercaseLevelEncoder,
		ConsoleSeparator: "  ",
	}
	encoder := zapcore.NewJSONEncoder(c)
	if format == "console" {
		if colour {
			c.EncodeLevel = zapcore.LowercaseColorLevelEncoder
		}
		encoder = zapcore.NewConsoleEncoder(c)
	}
	return zapcore.NewCore(encoder, zapcore.AddSync(out), level)
}

// Text is e as a line of the log in the format "console", without its end.
func Text(e Event, colour bool) string {
	var out bytes.Buffer
	core := newCore(&out, "console", colour, zap.NewAtomicLevelAt(zapcore.DebugLevel))
	_ = core.Write(entry(e), fields(nil, e)) // into memory
	return strings.TrimSuffix(out.String(), zapcore.DefaultLineEnding)
}

// entry is the fixed part of e's line.
func entry(e Event) zapcore.Entry {
	k := kindOf(e.Name)
	return zapcore.Entry{Time: e.Time, Level: k.level, Message: k.message}
}

// fields appends the rest of e's line: the event's fields under their JSON names,
// without the empty ones.
func fields(fields []zapcore.Field, e Event) []zapcore.Field {
	text := func(key, value string) {
		if value != "" {
			fields = append(fields, zap.String(key, value))
		}
	}
	number := func(key string, value int) {
		if value != 0 {
			fields = append(fields, zap.Int(key, value))
		}
	}
	text("event", e.Name)
	if e.Seq != 0 {
		fields = append(fields, zap.Uint64("seq", e.Seq))
	}
	text("cluster", e.Cluster)
	text("director", e.Director)
	text("instance", e.Instance)
	number("vrid", e.VRID)
	text("sync_group", e.SyncGroup)
	text("interface", e.Interface)
	text("address", e.Address)
	text("route", e.Route)
	text("rule", e.Rule)
	text("service", e.Service)
	text("server", e.Server)
	text("check", e.Check)
	text("notifier", e.Notifier)
	text("from", e.From)
	text("to", e.To)
	text("reason", e.Reason)
	text("via", e.Via)
	text("peer", e.Peer)
	number("priority", e.Priority)
	number("peer_priority", e.PeerPriority)
	if e.DurationMS != 0 {
		fields = append(fields, zap.Float64("duration_ms", e.DurationMS))
	}
	number("count", e.Count)
	text("by", e.By)
	text("error", e.Error)
	if e.DryRun {
		fields = append(fields, zap.Bool("dry_run", true))
	}
	return fields
}
