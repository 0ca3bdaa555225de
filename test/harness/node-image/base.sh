#!/bin/bash
# A Debian root file system with the packages of a kind node. usage: base.sh FOLDER
set -euo pipefail
packages=systemd,systemd-sysv,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,ca-certificates,jq,procps
packages+=,socat,containerd,runc,containernetworking-plugins
nice debootstrap --variant=minbase --include="$packages" bookworm "$1"
rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/* "$1"/usr/share/{doc,man,locale}/*
