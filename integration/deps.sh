#!/bin/sh
# Installs what the lab needs and this machine lacks. Quiet when all is there.
# Package and program: one line each.
set -eu
PATH=$PATH:/usr/sbin:/sbin

needs='
user-mode-linux linux.uml
kmod modprobe
iproute2 ip
nginx-light nginx
ipvsadm ipvsadm
keepalived keepalived
keepalived /usr/share/doc/keepalived/samples/keepalived.conf.sample
frr /usr/lib/frr/vrrpd
tcpdump tcpdump
tshark tshark
nftables nft
iptables iptables-legacy
iputils-ping ping
iputils-arping arping
curl curl
dnsmasq-base dnsmasq
memcached memcached
python3-aiosmtpd aiosmtpd
python3-grpcio /usr/lib/python3/dist-packages/grpc/__init__.py
prometheus promtool
procps ps
openssl openssl
chromium chromium
systemd /lib/systemd/systemd
man-db man
rpm rpm
bash-completion /usr/share/bash-completion/bash_completion
'

missing=$(echo "$needs" | while read -r package program; do
	[ -z "$program" ] || command -v "$program" >/dev/null || echo "$package"
done)
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2086 # a list of words
set -- $missing
echo "deps: installing $*" >&2
if [ "$(id -u)" != 0 ]; then
	echo "deps: not root; run: apt-get install $*" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive

# The lab starts its own daemons; the packages must start none.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
	trap 'rm -f $policy' EXIT
fi
apt-get -qq update >&2
# It need not survive a power cut; and an image that leaves out documentation has the samples of keepalived's.
apt-get -qq -o Dpkg::Options::=--force-unsafe-io -o 'Dpkg::Options::=--path-include=/usr/share/doc/keepalived/*' install --reinstall --no-install-recommends -y "$@" >&2
