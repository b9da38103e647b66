// What the pictures show: a shop at noon, told to the page in place of what the daemon
// says. With "evil" in the page's address, names are such as try to be markup.
"use strict";
{
  const evil = location.search.includes("evil");
  const n = name => evil ? `</script><img src=x onerror="window.broken=1"><b class='x'>${name}</b>` : name;
  const noon = Date.parse("2026-11-28T12:00:00Z"), at = seconds => new Date(noon - 1000 * seconds).toISOString();
  let beat = 0;
  const wave = (base, swing, phase) => Math.round(base + swing * Math.sin(beat / 9 + phase) + swing / 3 * Math.sin(beat / 2.3 + 2 * phase));
  const usage = (base, phase, active) => { const c = Math.max(0, wave(base, base / 4, phase)); return {active_connections: active + c, inactive_connections: 3 * c, traffic_per_s: {connections: c, bytes_in: 900 * c, bytes_out: 41000 * c}}; };
  const sum = (servers, of) => servers.reduce((s, r) => s + of(r), 0);
  const server = (name, address, base, phase, more) => ({name: n(name), address, state: "up", weight: 2, effective_weight: 2, since: at(400000), checks: [{kind: "http", ok: true, error: "", latency_ms: 1.2 + phase / 5}], ...usage(base, phase, 40), ...more});
  const service = (name, addresses, servers, more) => {
    const rate = key => sum(servers, r => (r.traffic_per_s || {})[key] || 0);
    return {name: n(name), addresses, quorum: 1, has_quorum: true, sorry: false, real_servers: servers, active_connections: sum(servers, r => r.active_connections || 0),
      traffic_per_s: {connections: rate("connections"), bytes_in: rate("bytes_in"), bytes_out: rate("bytes_out")}, ...more};
  };
  const instance = (name, vrid, addresses, more) => ({name, vrid, virtual_addresses: addresses, interface: "eth0", priority: 150, effective_priority: 150, transitions: 1, adverts_sent: 345600 + beat, adverts_received: 0,
    adverts_discarded: 0, since: at(345600), faults: [], trackers: [], ...more});
  const base = name => ({cluster: n("shop"), director: name, version: "v1.0.0", time: new Date(noon + 1000 * beat).toISOString(), uptime_s: 345610 + beat, config: {hash: "7c1f0ab2d3e4559f"}, maintenance: null, overrides: []});
  const down = {state: "down", effective_weight: 0, since: at(83), active_connections: 0, inactive_connections: 0, traffic_per_s: {}};
  const ours = () => ({...base("lb1"), notifiers: evil ? [{name: n("pager"), last_error: n("no route to host"), last_error_at: at(9), lost: 2}] : [],
    vrrp_instances: [
      instance(n("public"), 51, ["192.0.2.118/24", "2001:db8::118/64"], {state: "master", reason: n("master_silent"), master: "192.0.2.11"}),
      instance("backend", 52, ["10.0.0.1/24"], {state: "backup", interface: "eth1", effective_priority: 120, transitions: 4, adverts_sent: 1200, adverts_received: 3400 + beat, since: at(1510), why_not_master: n("lb2 has the higher priority 140"),
        trackers: [{kind: "script", name: "database", state: "down", weight: -30, error: n("exit status 1: no replica within 10 s")}]}),
    ],
    virtual_servers: [
      service("web", ["192.0.2.118:80", "192.0.2.118:443", "[2001:db8::118]:443"], [
        server("web1", "192.0.2.21", 48, 0), server("web2", "192.0.2.22", 45, 1),
        server("web3", "192.0.2.23", 0, 2, {...down, checks: [{kind: "http", ok: false, error: n("status 503 Service Unavailable"), latency_ms: 4}]}),
        server("web4", "192.0.2.24", 9, 3, {state: "draining", since: undefined, effective_weight: 0, override: {drain: true, by: n("uid 1000, pid 4711"), since: at(640), until: at(-3600)}, checks: [{kind: "http", ok: true, error: "", latency_ms: 1.8, weight_error: n("the answer has no header X-Load-Weight")}]}),
      ]),
      service("mail", ["192.0.2.118:25"], [server("mx1", "192.0.2.31", 6, 4, {checks: [{kind: "smtp", ok: true, error: "", latency_ms: 18.4}]}), server("mx2", "192.0.2.32", 5, 5, {checks: [{kind: "smtp", ok: true, error: "", latency_ms: 21.7}]})]),
      service("api", ["192.0.2.118:8443"], [server("api1", "192.0.2.41:8443", 0, 1, {...down, checks: [{kind: "grpc", ok: false, error: "connect: connection refused", latency_ms: 0.2}]})], {has_quorum: false, sorry: true}),
    ]});
  const theirs = () => ({...base("lb2"), virtual_servers: [], vrrp_instances: [
    instance(n("public"), 51, [], {state: "backup", priority: 100, effective_priority: 100, adverts_sent: 0, adverts_received: 345600 + beat, why_not_master: "lb1 has the higher priority 150"}),
    instance("backend", 52, [], {state: "master", priority: 140, effective_priority: 140, transitions: 3, adverts_sent: 7550 + 5 * beat, since: at(1510), reason: "preempted"}),
  ]});
  const story = [
    [86400, "config.applied", {reason: "hash 7c1f0ab2d3e4: 2 changes", by: "uid 0, pid 812", count: 2}], [1511, "track.down", {instance: "backend", reason: "script:database", error: "exit status 1: no replica within 10 s"}],
    [1510.6, "vrrp.priority", {instance: "backend", from: "150", to: "120"}], [1510, "vrrp.transition", {instance: "backend", from: "master", to: "backup", reason: "higher_priority", peer: "192.0.2.12"}],
    [640, "real_server.override", {service: "web", server: "web4", to: "drain", by: n("uid 1000, pid 4711")}], [639, "real_server.draining", {service: "web", server: "web4", reason: "operator"}],
    [120, "real_server.down", {service: "api", server: "api1", check: "grpc", from: "up", to: "down", error: "connect: connection refused"}], [120, "quorum.lost", {service: "api"}], [120, "sorry.on", {service: "api"}],
    [83, "real_server.down", {service: "web", server: "web3", check: "http", from: "up", to: "down", error: n("status 503 Service Unavailable")}],
  ];
  window.EventSource = class extends EventTarget {
    constructor() {
      super();
      const tell = (kind, data) => this.dispatchEvent(new MessageEvent(kind, {data: JSON.stringify(data)}));
      setTimeout(() => {
        story.forEach(([ago, event, more], i) => tell("event", {seq: i + 1, time: at(ago), event, ...more}));
        for (; beat < 130; beat++) tell("status", ours());
        window.told = true;
      }, 50);
    }
  };
  const fetched = window.fetch;
  window.fetch = (what, how) => String(what).endsWith("peer.json") ? Promise.resolve(new Response(JSON.stringify({address: "192.0.2.12:7112", document: theirs()}))) : fetched(what, how);
}
