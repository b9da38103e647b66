package event

import (
	"maps"
	"slices"

	"go.uber.org/zap/zapcore"
)

// kind is what every event of one name has in common.
type kind struct {
	level   zapcore.Level
	message string
}

// kinds is the vocabulary. Names are stable API: removing or renaming one is a
// breaking change.
var kinds = map[string]kind{
	"daemon.started":     {zapcore.InfoLevel, "daemon started"},
	"daemon.stopping":    {zapcore.InfoLevel, "daemon is stopping"},
	"daemon.stopped":     {zapcore.InfoLevel, "daemon stopped"},
	"daemon.order":       {zapcore.InfoLevel, "an operator gave an order"},
	"daemon.state":       {zapcore.InfoLevel, "state, as was asked for"},
	"daemon.state_error": {zapcore.ErrorLevel, "what should survive a restart cannot be kept or read"},
	"daemon.recovered":   {zapcore.WarnLevel, "leftovers of a previous life were cleaned up"},

	"config.loaded":   {zapcore.InfoLevel, "configuration loaded"},
	"config.rejected": {zapcore.ErrorLevel, "configuration rejected"},
	"config.applied":  {zapcore.InfoLevel, "configuration applied"},

	"http.opened": {zapcore.InfoLevel, "page and metrics can be reached"},
	"http.closed": {zapcore.InfoLevel, "page and metrics are off"},
	"http.failed": {zapcore.ErrorLevel, "page and metrics cannot be reached: listening is tried again"},

	"peer.lost":  {zapcore.WarnLevel, "the other director does not answer as one"},
	"peer.found": {zapcore.InfoLevel, "the other director answers again"},

	"worker.exited":         {zapcore.ErrorLevel, "a worker process ended unexpectedly"},
	"worker.restarted":      {zapcore.WarnLevel, "a worker process was started again"},
	"worker.cleanup_failed": {zapcore.ErrorLevel, "cleaning up after a dead worker failed"},

	"maintenance.on":      {zapcore.WarnLevel, "director is out of the election"},
	"maintenance.off":     {zapcore.InfoLevel, "director takes part in the election again"},
	"maintenance.refused": {zapcore.WarnLevel, "nobody can take over: director stays in the election"},

	"vrrp.transition":       {zapcore.InfoLevel, "virtual router changed state"},
	"vrrp.priority":         {zapcore.InfoLevel, "effective priority changed"},
	"vrrp.fault":            {zapcore.ErrorLevel, "virtual router has a fault"},
	"vrrp.fault_cleared":    {zapcore.InfoLevel, "fault of a virtual router is over"},
	"vrrp.late":             {zapcore.WarnLevel, "lateness in the election"},
	"vrrp.not_realtime":     {zapcore.WarnLevel, "election runs without a real-time priority"},
	"vrrp.foreign":          {zapcore.WarnLevel, "unexpected VRRP packet discarded"},
	"vrrp.handover_refused": {zapcore.WarnLevel, "nobody took over: this node stays master"},
	"vrrp.split":            {zapcore.ErrorLevel, "two masters seen"},
	"vrrp.path_down":        {zapcore.ErrorLevel, "a heartbeat path is down, and another is not: nothing moves"},
	"vrrp.path_up":          {zapcore.InfoLevel, "a heartbeat path is no longer the one that is down"},
	"vrrp.split_yielded":    {zapcore.WarnLevel, "two masters seen for long: this node yields to the other one, which does not hear it"},
	"vrrp.error":            {zapcore.ErrorLevel, "an action of the election failed"},
	"vrrp.mismatch":         {zapcore.WarnLevel, "a peer is configured differently"},

	"virtual_mac.ready":  {zapcore.InfoLevel, "virtual MAC is in use as it must be"},
	"virtual_mac.wrong":  {zapcore.ErrorLevel, "virtual MAC is in use, and something about it is wrong"},
	"virtual_mac.failed": {zapcore.ErrorLevel, "link with the virtual MAC cannot be made or removed"},

	"address.claimed":  {zapcore.InfoLevel, "virtual address claimed"},
	"address.released": {zapcore.InfoLevel, "virtual address released"},
	"address.restored": {zapcore.WarnLevel, "virtual address was removed by someone and restored"},
	"address.conflict": {zapcore.ErrorLevel, "a stranger answers for a virtual address"},

	"route.claimed":  {zapcore.InfoLevel, "virtual route claimed"},
	"route.released": {zapcore.InfoLevel, "virtual route released"},
	"route.restored": {zapcore.WarnLevel, "virtual route was removed by someone and restored"},

	"rule.claimed":  {zapcore.InfoLevel, "virtual rule claimed"},
	"rule.released": {zapcore.InfoLevel, "virtual rule released"},
	"rule.restored": {zapcore.WarnLevel, "virtual rule was removed by someone and restored"},

	"real_server.up":       {zapcore.InfoLevel, "real server is up"},
	"real_server.down":     {zapcore.WarnLevel, "real server is down"},
	"real_server.draining": {zapcore.InfoLevel, "real server is draining"},
	"real_server.removed":  {zapcore.InfoLevel, "real server removed"},
	"real_server.override": {zapcore.InfoLevel, "operator override of a real server"},

	"discovery.changed":   {zapcore.InfoLevel, "real servers were found or are gone"},
	"discovery.failed":    {zapcore.WarnLevel, "real servers cannot be looked up: the last good answer stays"},
	"discovery.recovered": {zapcore.InfoLevel, "real servers can be looked up again"},

	"quorum.lost":   {zapcore.ErrorLevel, "virtual server lost its quorum"},
	"quorum.gained": {zapcore.InfoLevel, "virtual server has its quorum"},
	"sorry.on":      {zapcore.WarnLevel, "sorry server in use"},
	"sorry.off":     {zapcore.InfoLevel, "sorry server no longer in use"},
	"guard.active":  {zapcore.WarnLevel, "outlier guard keeps failed servers in"},
	"guard.over":    {zapcore.InfoLevel, "outlier guard keeps no failed server in any more"},

	"ipvs.applied": {zapcore.InfoLevel, "IPVS table changed"},
	"ipvs.drift":   {zapcore.WarnLevel, "IPVS table was changed by someone and repaired"},
	"ipvs.error":   {zapcore.ErrorLevel, "IPVS refused a change"},

	"track.down":    {zapcore.WarnLevel, "tracked object failed"},
	"track.up":      {zapcore.InfoLevel, "tracked object recovered"},
	"notify.failed": {zapcore.WarnLevel, "notification failed"},
	"sync.started":  {zapcore.InfoLevel, "connection synchronisation started"},
	"sync.stopped":  {zapcore.InfoLevel, "connection synchronisation stopped"},

	"event.dropped": {zapcore.WarnLevel, "events were dropped because the director did not take them"},
	"log.dropped":   {zapcore.WarnLevel, "log lines were dropped because the output was stuck or failing"},
}

// Names is the vocabulary, sorted.
func Names() []string { return slices.Sorted(maps.Keys(kinds)) }

// Message is the constant message of the events of a name.
func Message(name string) string { return kindOf(name).message }

// Severity orders names by how much they matter: info is 0, an error most.
func Severity(name string) int { return int(kindOf(name).level) }

// kindOf is the kind of a name. A name outside the vocabulary is still worth
// a line: it is reported at info with the name as its message.
func kindOf(name string) kind {
	if k, ok := kinds[name]; ok {
		return k
	}
	return kind{zapcore.InfoLevel, name}
}
