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
# A record of type Cut says which records went since their time was over; of those before it, the ones that it names are
# there, and the last ones while they go.
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

cut=$(jq -cs 'map(select(.cut != null and .cut.size < .sequence)) | last // {} | .cut // {size: 0, digest: ""}' "$chain")
size=$(jq -r .size <<< "$cut")
jq -rs --argjson cut "$cut" '
  def isIn($list): . as $record | any($list[]; .sequence == $record.sequence and .digest == $record.digest);
  map(select(.sequence <= $cut.size)) as $there
  | (reduce ($there | reverse)[] as $record ({at: $cut.size, digest: $cut.digest, linked: []};
      if $record.sequence != .at or $record.digest != .digest then .at = 0
      else {at: (.at - 1), digest: $record.previous.digest, linked: (.linked + [$record])} end)).linked as $linked
  | ($there[] | select(isIn($linked + ($cut.kept // []) + ($cut.going // [])) | not)
      | "record \(.sequence) is none that the cut left there"),
    ($cut.kept // [] | .[] | select(isIn($there) | not) | "record \(.sequence) is missing: the cut kept it")
' "$chain" > "$folder/cut"

expected=$((size + 1))
before=$(jq -r .digest <<< "$cut")
records=0
votes=0
while IFS= read -r record; do
  records=$((records + 1))
  sequence=$(jq -r .sequence <<< "$record")
  claimed=$(jq -r .digest <<< "$record")
  digest="sha256:$(jq -cjS 'del(.digest)' <<< "$record" | sha256sum | cut -d' ' -f1)"
  [ "$digest" = "$claimed" ] || fault "record $sequence was changed: its digest is $digest and it says $claimed"
  if [ "$sequence" -gt "$size" ]; then
    [ "$sequence" = "$expected" ] || fault "record $expected is missing"
    previous=$(jq -r '.previous.digest // ""' <<< "$record")
    [ "$previous" = "$before" ] || fault "record $sequence follows another record than $((sequence - 1))"
    expected=$((sequence + 1))
    before=$claimed
  fi
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
done < "$chain"
while IFS= read -r line; do fault "$line"; done < "$folder/cut"

if [ "$faults" -gt 0 ]; then
  echo "$faults faults in $records records of target $target"
  exit 1
fi
echo "$records records of target $target hold together, $votes votes verify"
