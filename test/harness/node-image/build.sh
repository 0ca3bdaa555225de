#!/bin/bash
# A node image for kind, from Debian packages and Go modules, for machines that cannot pull kindest/node.
#
# usage: build.sh BASE CLUSTER LOCAL_PATH KIND VERSION WORK
#   BASE        a Debian root file system with the packages of base.sh
#   CLUSTER     the program of ../programs/cluster
#   LOCAL_PATH  the program local-path-provisioner
#   KIND        the sources of kind's Go module
#   VERSION     of Kubernetes, e.g. v1.36.3
#   WORK        an empty folder; the image's root file system is WORK/rootfs at the end
# To be run in a mount namespace of its own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
base=$1 cluster=$2 local_path=$3 kind=$4 version=$5 work=$6
root=$work/rootfs pods=$work/pods
cd "$work"

cp -a --reflink=auto "$base" "$root"

# kind's own files; systemd starts only what a node needs, as in kind's own image.
cp -rT --no-preserve=mode,ownership "$kind/images/base/files" "$root"
chmod 755 "$root"/kind/bin "$root"/kind/bin/* "$root"/usr/local/bin/*
mkdir -p "$root"/opt/cni "$root"/etc/kubernetes/manifests "$root"/kind/manifests "$root"/etc/cni/net.d
ln -sf /usr/bin/containerd "$root/usr/local/bin/containerd"
ln -sf /usr/bin/ctr "$root/usr/local/bin/ctr"
ln -sfn /usr/lib/cni "$root/opt/cni/bin"
units=$root/lib/systemd/system
rm -f "$units"/sysinit.target.wants/systemd-tmpfiles-setup.service
rm -rf "$units"/{multi-user,local-fs,basic}.target.wants/* "$units"/sockets.target.wants/*{udev,initctl}*
rm -rf "$root"/etc/systemd/system/*.wants
echo ReadKMsg=no >> "$root/etc/systemd/journald.conf"
chroot "$root" systemctl -q enable kubelet containerd undo-mount-hacks
chroot "$root" systemctl -q mask systemd-binfmt.service

# containerd: no rlimits and no oom_score_adj that a nested container may not set.
chroot "$root" ctr oci spec |
  jq '.hooks.createContainer = [{path: "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
    > "$root/etc/containerd/cri-base.json"
sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' "$root/etc/containerd/config.toml"

# Kubernetes, and a bridge network in place of kindnet.
printf %s "$version" > "$root/kind/version"
install -m 755 "$cluster" "$root/usr/bin/kubelet"
ln -sf kubelet "$root/usr/bin/kubeadm"
ln -sf kubelet "$root/usr/bin/kubectl"
cp "$here/10-bridge.conflist" "$root/etc/cni/net.d/"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bridge-network, namespace: kube-system}\n' \
  > "$root/kind/manifests/default-cni.yaml"
go run "$here/storage.go" "$kind" > "$root/kind/manifests/default-storage.yaml"

# One file system serves all system pods: the program, busybox, and kube-proxy's nft and iptables.
mkdir -p "$pods"/{usr/local/bin,usr/sbin,usr/lib/x86_64-linux-gnu,bin,tmp,run,etc}
chmod 1777 "$pods/tmp"
install "$cluster" "$pods/usr/local/bin/kube"
install "$local_path" "$pods/usr/local/bin/local-path-provisioner"
for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy etcd coredns pause; do
  ln -s kube "$pods/usr/local/bin/$name"
done
ln -s usr/local/bin/kube "$pods/coredns"
ln -s usr/local/bin/kube "$pods/pause"
install "$(command -v busybox)" "$pods/bin/busybox"
for name in $("$pods/bin/busybox" --list | grep -vxE 'busybox|nft'); do ln -sf busybox "$pods/bin/$name"; done
for name in nft xtables-nft-multi; do
  cp -L "$root/usr/sbin/$name" "$pods/usr/sbin/$name"
  for library in $(chroot "$root" ldd "/usr/sbin/$name" | grep -oE '/[^ ]+'); do
    mkdir -p "$pods$(dirname "$library")"
    cp -L "$root$library" "$pods$library"
  done
done
for name in iptables ip6tables; do
  for suffix in '' -save -restore; do ln -s xtables-nft-multi "$pods/usr/sbin/$name$suffix"; done
done
cp -r "$root/usr/lib/x86_64-linux-gnu/xtables" "$pods/usr/lib/x86_64-linux-gnu/"

# The archive of all system images: one layer, under every name that kubeadm, containerd and the storage ask for.
mkdir archive
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$pods" -cf archive/layer.tar .
digest=$(sha256sum archive/layer.tar | cut -d' ' -f1)
image() { # ENTRYPOINT NAME...
  local entrypoint=$1 config file
  shift
  config=$(jq -nc --arg layer "sha256:$digest" --argjson entrypoint "$entrypoint" '{
    architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: [$layer]},
    config: {Entrypoint: $entrypoint, Env: ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}}')
  file=$(printf %s "$config" | sha256sum | cut -d' ' -f1).json
  printf %s "$config" > "archive/$file"
  jq -nc --arg file "$file" '{Config: $file, RepoTags: $ARGS.positional, Layers: ["layer.tar"]}' --args "$@"
}
kubeadm=$(chroot "$root" kubeadm config images list --kubernetes-version "$version")
sandbox=$(sed -n 's/.*sandbox_image = "\(.*\)"/\1/p' "$root/etc/containerd/config.toml")
storage=$(grep -oE 'docker\.io/kindest/local-path-[^" ]+' "$root/kind/manifests/default-storage.yaml" | sort -u)
{
  # shellcheck disable=SC2046 # one name per line
  image null $(grep -vE 'pause|coredns' <<< "$kubeadm") "$(grep helper <<< "$storage")"
  image '["/coredns"]' "$(grep coredns <<< "$kubeadm")"
  image '["/pause"]' "$sandbox"
  image '["local-path-provisioner"]' "$(grep provisioner <<< "$storage")"
} | jq -sc . > archive/manifest.json
tar -C archive -cf images.tar .
rm -rf archive "$pods"

# A containerd of this machine puts them where the node's will look.
rm -rf "$root/var/lib/containerd"
# The caller gave this script mounts of its own. A short path: that of a socket holds 107 characters.
mount -t tmpfs preload /run
cat > preload.toml << TOML
version = 2
root = "$root/var/lib/containerd"
state = "/run/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "/run/c.sock"
TOML
containerd --config preload.toml > preload.log 2>&1 &
containerd=$!
trap 'kill $containerd 2> /dev/null || true' EXIT
for _ in $(seq 100); do ctr -a /run/c.sock version > /dev/null 2>&1 && break; sleep .1; done
ctr -a /run/c.sock -n k8s.io images import --all-platforms --digests images.tar > import.log
kill $containerd
wait $containerd || true
rm images.tar
