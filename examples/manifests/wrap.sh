#!/usr/bin/env bash
# Reads manifests (YAML or JSON), writes a Promotion of them. Needs kubectl and jq, and no cluster.
#
#   helm template web chart -f production.yaml | bash wrap.sh web-42 shop shop-dev pr-42 web | kubectl create -f -
#
# Without more arguments it takes the workloads. Else what is named, of a kind, or one object of it:
#
#   kustomize build . | bash wrap.sh web-42 shop shop-dev pr-42 web Deployment ConfigMap Service/web
set -euo pipefail
if [ $# -lt 5 ]; then
  echo 'usage: wrap.sh <promotion> <namespace> <environment namespace> <environment> <target> [<kind>[/<name>] ...] < manifests' >&2
  exit 2
fi
promotion=$1 namespace=$2 from=$3 environment=$4 target=$5
shift 5
[ $# -gt 0 ] || set -- Deployment StatefulSet DaemonSet CronJob
# A patch of nothing: kubectl's own reading of YAML.
kubectl patch --local --type merge --patch '{}' -f - -o json |
  jq -s --arg name "$promotion" --arg namespace "$namespace" --arg from "$from" --arg environment "$environment" \
    --arg target "$target" '
    $ARGS.positional as $wanted
    | [.[] | if .kind == "List" then .items[] else . end
        | select([.kind, "\(.kind)/\(.metadata.name)"] | any(IN($wanted[])))] as $found
    | ([$found[] | .kind, "\(.kind)/\(.metadata.name)"]) as $names
    | [$wanted[] | select(IN($names[]) | not)] as $missing
    | if $found == [] then error("none of \($wanted | join(", ")) is among the manifests")
      elif ($missing | any(contains("/"))) then error("\($missing | map(select(contains("/"))) | join(", ")) is not among the manifests")
      elif any($found[]; .kind == "Secret") then error("a Secret has no place in a Promotion: everybody reads those")
      else . end
    | {
        apiVersion: "twinlock.dev/v1alpha1",
        kind: "Promotion",
        metadata: { name: $name, namespace: $namespace },
        spec: {
          environmentRef: { namespace: $from, name: $environment },
          targetRef: { name: $target },
          objects: [$found[] | del(.status) | {
            apiVersion,
            kind,
            metadata: (.metadata | { name, namespace, labels, annotations } | with_entries(select(.value != null)))
          } + (
            # cpu: 0.5 is a quantity too; as text it has one form only, which a digest needs.
            del(.apiVersion, .kind, .metadata) | walk(if type == "number" and . != floor then tostring else . end)
          )]
        }
      }' --args "$@"
