#!/usr/bin/env bash
# Checks a ProductionTarget's chain of records, offline, with jq, sha256sum and ssh-keygen alone.
#
#   kubectl get promotionrecords -n shop -o json > records.json
#   verify-chain.sh records.json web
#
# Chain: `digest` of each record is the SHA-256 of its spec without `digest`, as RFC 8785 (JCS) text. `jq -cjS` prints that
# text for what records hold: integers and strings of printable ASCII and line breaks. The one exception are the specs of
# workloads, which stand as they are: where a value of one holds DEL (0x7f), or a key a character beyond U+FFFF, jq prints
# something else than JCS and this script calls a sound record changed.
#
# Votes: every recorded vote is checked by stock `ssh-keygen -Y verify` against the recorded statement and the recorded
# keys. That proves who signed what; that the keys were theirs is what the keyring's own history has to prove.
set -euo pipefail

file=${1:?usage: verify-chain.sh records.json target}
target=${2:?usage: verify-chain.sh records.json target}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chain="$folder/chain"
faults=0

fault() {
  echo "FAULT $1"
  faults=$((faults + 1))
}

jq -c --arg target "$target" \
  '[.items[].spec | select(.target.name == $target)] | sort_by(.sequence)[]' "$file" > "$chain"
[ -s "$chain" ] || { echo "there is no record of target $target in $file"; exit 2; }

expected=1
before=
records=0
votes=0
while IFS= read -r record; do
  records=$((records + 1))
  sequence=$(jq -r .sequence <<< "$record")
  claimed=$(jq -r .digest <<< "$record")
  digest="sha256:$(jq -cjS 'del(.digest)' <<< "$record" | sha256sum | cut -d' ' -f1)"
  [ "$digest" = "$claimed" ] || fault "record $sequence was changed: its digest is $digest and it says $claimed"
  [ "$sequence" = "$expected" ] || fault "record $expected is missing"
  previous=$(jq -r '.previous.digest // ""' <<< "$record")
  [ "$previous" = "$before" ] || fault "record $sequence follows another record than $((sequence - 1))"
  count=$(jq '.votes // [] | length' <<< "$record")
  for ((index = 0; index < count; index++)); do
    vote=$(jq -c ".votes[$index]" <<< "$record")
    decision=$(jq -r .decision <<< "$vote")
    principal=$(jq -r .principal <<< "$vote")
    jq -j ".statements.$decision" <<< "$record" > "$folder/statement"
    jq -j .armor <<< "$vote" > "$folder/signature"
    jq -j .allowedSigners <<< "$record" > "$folder/signers"
    moment=$(jq -r '.firstSeen' <<< "$vote" | tr -d -- '-:TZ')
    if ssh-keygen -Y verify -f "$folder/signers" -I "$principal" -n vote.v1@twinlock.dev \
      -O "verify-time=${moment}Z" -s "$folder/signature" < "$folder/statement" > "$folder/said" 2>&1; then
      votes=$((votes + 1))
      echo "record $sequence: $principal signed \"$decision\" of $(jq -r '.promotion.name' <<< "$record")"
    else
      fault "record $sequence: the vote of $principal does not verify: $(cat "$folder/said")"
    fi
  done
  expected=$((sequence + 1))
  before=$claimed
done < "$chain"

if [ "$faults" -gt 0 ]; then
  echo "$faults faults in $records records of target $target"
  exit 1
fi
echo "$records records of target $target hold together, $votes votes verify"
