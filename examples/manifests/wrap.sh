#!/usr/bin/env bash
# Reads manifests (YAML or JSON), writes a Promotion of the Deployments among them. Needs kubectl and jq, and no cluster.
#
#   helm template web chart -f production.yaml | bash wrap.sh web-42 shop shop-dev pr-42 web | kubectl create -f -
set -euo pipefail
if [ $# -ne 5 ]; then
  echo 'usage: wrap.sh <promotion> <namespace> <environment namespace> <environment> <target> < manifests' >&2
  exit 2
fi
# A patch of nothing: kubectl's own reading of YAML.
kubectl patch --local --type merge --patch '{}' -f - -o json |
  jq -s --arg name "$1" --arg namespace "$2" --arg from "$3" --arg environment "$4" --arg target "$5" '
    [.[] | if .kind == "List" then .items[] else . end | select(.kind == "Deployment")] as $found
    | if $found == [] then error("there is no Deployment among the manifests") else . end
    | {
        apiVersion: "twinlock.dev/v1alpha1",
        kind: "Promotion",
        metadata: { name: $name, namespace: $namespace },
        spec: {
          environmentRef: { namespace: $from, name: $environment },
          targetRef: { name: $target },
          objects: [$found[] | {
            apiVersion,
            kind,
            metadata: (.metadata | { name, namespace, labels, annotations } | with_entries(select(.value != null))),
            # cpu: 0.5 is a quantity too; as text it has one form only, which a digest needs.
            spec: (.spec | walk(if type == "number" and . != floor then tostring else . end))
          }]
        }
      }'
