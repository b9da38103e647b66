#!/bin/bash
# The life of the package on a machine with systemd (machine.sh): installed, started, reloaded, killed,
# crashed, hung, upgraded, stopped and removed, with a peer beside it. Arguments: the first .deb and the
# one that upgrades it, and the same of .rpm. Each step says what it is; the first that is not true ends it.
set -eu
first=$1 second=$2 first_rpm=$3 second_rpm=$4

say() { echo "== $SECONDS s: $*"; }
true_that() { "$@" || { echo "not true: $*"; exit 1; }; }
not() { ! "$@"; }
until_true() { for _ in $(seq 300); do "$@" && return; sleep 0.1; done; echo "never true: $*"; exit 1; }
property() { systemctl show --value -p "$1" "${2:-hald}"; }
holds() { ip -o addr show dev eth0 | grep -q '192.0.2.100/24'; }
master() { hald status -o json | grep -q '"state": *"master"'; }
worker() { pgrep -P "$(property MainPID)" -f "worker $1"; }
logged() { journalctl -q --no-pager -o cat -u hald "${@:2}" | grep -q -- "$1"; }

say install
dpkg --force-unsafe-io -i "$first"
true_that [ "$(hald version | head -1 | cut -d' ' -f1)" = hald ]
true_that getent group hald
true_that [ -s /usr/share/doc/hald/docs/operations.md ]
true_that [ -x /usr/share/doc/hald/contrib/journald/hald-alerts ]
for page in /usr/share/man/man1/hald*.1.gz; do
	true_that [ -z "$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)" ]
done
# bash-completion loads it by its name
true_that [ "$(bash -c '. /usr/share/bash-completion/bash_completion && _completion_loader hald; COMP_LINE="hald real" COMP_POINT=9 COMP_TYPE=9 COMP_KEY=9 COMP_WORDS=(hald real) COMP_CWORD=1 && __start_hald 2>/dev/null; echo "${COMPREPLY[0]}"')" = realserver ]
true_that [ -z "$(systemd-analyze verify hald.service hald-realserver.service 2>&1)" ]
true_that [ "$(property ActiveState)$(property UnitFileState)" = inactivedisabled ]

say "the examples that it brings are valid"
for example in /usr/share/doc/hald/examples/*.hcl; do
	hald check --all -c "$example"
done

say "without a configuration nothing starts, and nothing fails"
systemctl start hald
true_that [ "$(property ActiveState)$(property ConditionResult)" = inactiveno ]

say "a configuration in JSON is one"
echo '{"cluster": {"shop": {"director": {"lb1": {}, "lb2": {}}}}}' >/etc/hald/cluster.hcl.json
systemctl start hald
true_that [ "$(property ActiveState)" = active ]
systemctl stop hald
rm /etc/hald/cluster.hcl.json

say "enable, start: it is there when systemctl is back"
cat >/etc/hald/cluster.hcl <<'HCL'
cluster "shop" {
  director "lb1" {}
  director "lb2" {}
}
admin {
  socket_group = "hald"
}
vrrp_instance "front" {
  interface              = "eth0"
  virtual_router_id      = 51
  priority               = { lb1 = 150, lb2 = 100 }
  advertisement_interval = "100ms"
  virtual_addresses      = ["192.0.2.100/24"]
  track "exec" "user" {
    command  = ["/usr/bin/env", "sh", "-c", "test $(id -un) = nobody"]
    user     = "nobody"
    interval = "500ms"
    timeout  = "500ms"
  }
}
HCL
systemctl enable --now hald
true_that hald status
true_that [ "$(property Type)$(property SubState)" = notifyrunning ]
until_true holds
true_that [ "$(property UnitFileState)" = enabled ]
mastered() { [ "$(property StatusText)" = "master: front" ]; }
until_true mastered
until_true master # a script that is not run as its user is a fault

say "what the unit allows: real-time priority for the election alone, and no more than it needs"
policies() { ps -L -o cls= -p "$1" | sort -u | tr -d ' \n'; }
if chrt --fifo 10 true; then
	true_that [ "$(policies "$(worker election)")" = FF ]
else
	true_that logged vrrp.error
fi
true_that [ "$(policies "$(worker balancer)")" = TS ]
if choom -n -900 true 2>/dev/null; then
	true_that [ "$(cat /proc/"$(property MainPID)"/oom_score_adj)" = -900 ]
fi
# Of the rest each is needed: docs/operations.md says for what.
true_that systemd-analyze security --no-pager --threshold=48 hald >/dev/null
true_that systemd-analyze security --no-pager --threshold=20 hald-realserver >/dev/null

say "who may ask: root, and the members of the socket's group"
useradd -G hald member && useradd stranger
true_that su member -c 'hald status' >/dev/null
true_that not su stranger -c 'hald status'

say "reload"
pid=$(property MainPID)
sed -i 's,"192.0.2.100/24",& \, "192.0.2.101/24",' /etc/hald/cluster.hcl
systemctl reload hald
true_that ip -o addr show dev eth0 to 192.0.2.101
sed -i 's,"192.0.2.101/24",nonsense,' /etc/hald/cluster.hcl
true_that not systemctl reload hald
true_that [ "$(property ActiveState)$(property MainPID)" = "active$pid" ]
true_that logged config.rejected
sed -i 's/ , nonsense//' /etc/hald/cluster.hcl
true_that not systemctl reload hald # it would take an address away: only a command may say so
true_that hald reload --allow-interruption

say "the recipe of contrib reads the journal"
UNIT=hald.service true_that sh -c '/usr/share/doc/hald/contrib/journald/hald-alerts --since -1h | grep -q vrrp.transition'

say "its peer, in a network namespace: the one has the addresses before the other gives them up"
ip netns add lb2
ip link set far netns lb2
peer() { HALD_DIRECTOR=lb2 ip netns exec lb2 "$@" --runtime-dir /run/lb2 --state-dir /run/lb2; }
peer_events() { peer hald events -o json | grep -q "$1"; }
successions() { peer hald events -o json | grep -c '"to":"master","reason":"master_resigned"'; }
resigned() { [ "$(successions)" -ge "$1" ]; }
ip -n lb2 link set lo up
ip -n lb2 link set far name eth0
ip -n lb2 addr add 192.0.2.12/24 dev eth0
ip -n lb2 link set eth0 up
mkdir /run/lb2
peer hald run >/run/lb2/log 2>&1 &
until_true [ -S /run/lb2/hald.sock ]
until_true peer_events '"to":"backup"'

restarted() { [ "$(property NRestarts)" = "$1" ] && [ "$(property ActiveState)" = active ]; }

say "the director's process is killed: the peer is told, and it starts anew"
kill -9 "$(property MainPID)"
until_true resigned 1
until_true restarted 1
until_true holds

say "it crashes: that is no wrong configuration, and it starts anew"
kill -ABRT "$(property MainPID)"
until_true restarted 2
until_true holds

say "its election hangs: the watchdog ends it, and it starts anew"
mkdir /run/systemd/system/hald.service.d
printf '[Service]\nWatchdogSec=3s\n' >/run/systemd/system/hald.service.d/quick.conf
systemctl daemon-reload
systemctl restart hald
until_true holds
seen=$(property WatchdogTimestampMonotonic)
fed() { [ "$(property WatchdogTimestampMonotonic)" != "$seen" ]; }
until_true fed
kill -STOP "$(worker election)"
until_true restarted 1
until_true holds
true_that logged 'Watchdog timeout'
rm -r /run/systemd/system/hald.service.d
systemctl daemon-reload

say "upgrade: the running daemon goes on, and so do its addresses"
pid=$(property MainPID)
dpkg --force-unsafe-io -i "$second" | tee /run/upgrade
true_that grep -q 'systemctl restart hald' /run/upgrade
true_that [ "$(property ActiveState)$(property MainPID)$(property NeedDaemonReload)" = "active${pid}no" ]
true_that holds
true_that master
true_that [ -s /etc/hald/cluster.hcl ]
true_that [ "$(stat -Lc %i "/proc/$pid/exe")" != "$(stat -c %i /usr/bin/hald)" ]

say "its workers are still of the program that it was started with"
election=$(worker election)
kill -9 "$election"
new_election() { e=$(worker election) && [ "$e" != "$election" ] && holds; }
until_true new_election
true_that [ "$(property MainPID)" = "$pid" ]

say "restart: the new one, and the peer has had the addresses meanwhile"
before=$(successions)
systemctl restart hald
true_that resigned $((before + 1))
true_that [ "$(stat -Lc %i "/proc/$(property MainPID)/exe")" = "$(stat -c %i /usr/bin/hald)" ]
until_true holds

say "stop: a clean one, and the peer has the addresses"
systemctl stop hald
true_that [ "$(property Result)$(property ExecMainStatus)" = success0 ]
true_that not holds
true_that resigned $((before + 2))

say "the unit of a real server: the address, and silence about it, for as long as it is up"
cat >/run/real.hcl <<'HCL'
virtual_server "web" {
  addresses  = ["192.0.2.100:80"]
  protocol   = "tcp"
  forwarding = "dr"
  check "tcp" {}
  real_server "web1" { address = "192.0.2.21" }
}
HCL
mv /etc/hald/cluster.hcl /run/director.hcl
cat /run/director.hcl /run/real.hcl >/etc/hald/cluster.hcl
true_that not systemctl start hald-realserver # it is a director
systemctl stop hald-realserver
hostname web1
ip addr del 192.0.2.11/24 dev eth0
ip addr add 192.0.2.21/24 dev eth0
silent() { cat /proc/sys/net/ipv4/conf/all/arp_{ignore,announce} | tr -d '\n'; }
before=$(silent)
systemctl start hald-realserver
true_that ip -o addr show dev lo to 192.0.2.100
true_that [ "$(silent)" = 12 ]
systemctl stop hald-realserver
true_that [ -z "$(ip -o addr show dev lo to 192.0.2.100)" ]
true_that [ "$(silent)" = "$before" ]
mv /run/director.hcl /etc/hald/cluster.hcl
hostname lb1
ip addr add 192.0.2.11/24 dev eth0
systemctl start hald

say "remove: it has stopped, and is not enabled"
dpkg -r hald
true_that not holds
true_that [ ! -e /usr/bin/hald ]
true_that [ ! -e /etc/systemd/system/multi-user.target.wants/hald.service ]
true_that [ -z "$(pgrep -u 0 -x hald -P 1)" ]
true_that [ -s /etc/hald/cluster.hcl ]

say purge
dpkg -P hald
true_that [ ! -e /var/lib/hald ]
true_that [ ! -e /etc/hald/README ]
true_that [ -s /etc/hald/cluster.hcl ] # it is the operator's

say "the .rpm: installed, started, upgraded and removed"
on_debian="--force-debian --nodeps"
rpm $on_debian -i "$first_rpm"
systemctl start hald
until_true holds
pid=$(property MainPID)
rpm $on_debian -U "$second_rpm" | grep 'systemctl restart hald'
true_that [ "$(property ActiveState)$(property MainPID)" = "active$pid" ]
systemctl restart hald
until_true holds
rpm $on_debian -e hald
true_that not holds
true_that [ ! -e /usr/bin/hald ]
true_that [ ! -e /usr/lib/systemd/system/hald.service ]
true_that [ -s /etc/hald/cluster.hcl ]
say "that is all"
