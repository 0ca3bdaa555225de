/** Random histories of a chain: what counts is what a quorum of the keyring before it signed, and exactly that. */
import test from 'ava';
import * as fc from 'fast-check';
import { Chain, entryOf, keyring, names, policy, removed, withVotes, type Name } from '../unit/trust-world.ts';
import type { SealedObject } from '../../operator/trust/decide/index.ts';

const people = fc.subarray([...names], { minLength: 1 });
const signers = fc.subarray([...names]);
const step = fc.oneof(
  fc.record({ what: fc.constant('keyring' as const), people, by: signers }),
  fc.record({ what: fc.constant('policy' as const), count: fc.integer({ min: 1, max: 3 }), by: signers }),
  fc.record({ what: fc.constant('removal' as const), by: signers }),
  // Signatures on whatever was asked before, put under what is asked now.
  fc.record({ what: fc.constant('replay' as const), count: fc.integer({ min: 1, max: 3 }), of: fc.nat(), by: signers }),
  // Whoever writes records copies one that was.
  fc.record({ what: fc.constant('copy' as const), of: fc.nat() }),
);

test('a change counts only if a quorum of the keyring before it signed exactly it', (t) => {
  fc.assert(
    fc.property(people, fc.array(step, { maxLength: 12 }), (first, steps) => {
      const chain = new Chain(keyring(first));
      let trusted: readonly Name[] = first;
      let counting: number | undefined;
      const texts: string[] = [];
      const enough = (by: readonly Name[]): boolean =>
        by.filter((name) => trusted.includes(name)).length > trusted.length / 2;
      const asked = (object: SealedObject): string | undefined => chain.standing(object).proposal?.statements.approve;
      for (const each of steps) {
        if (each.what === 'copy') {
          const record = chain.records[each.of % chain.records.length];
          if (record === undefined) continue;
          const before = chain.records;
          chain.append(entryOf(record));
          t.truthy(chain.state.fault);
          check();
          chain.records = before;
          continue;
        }
        const object =
          each.what === 'keyring'
            ? keyring(each.people)
            : each.what === 'removal'
              ? removed(policy('default', counting ?? 1))
              : policy('default', each.count);
        const text = asked(object);
        if (text === undefined) continue;
        if (each.what === 'replay') {
          const old = texts[each.of % Math.max(texts.length, 1)] ?? '';
          t.is(chain.standing(withVotes(object, old === text ? '' : old, ...each.by)).entry, undefined);
          continue;
        }
        texts.push(text);
        chain.change(object, ...each.by);
        if (!enough(each.by)) {
          check();
          continue;
        }
        if (each.what === 'keyring') trusted = each.people;
        else counting = each.what === 'removal' ? undefined : each.count;
        check();
      }
      function check(): void {
        const root = chain.state.objects.get('ApproverKeyring//default');
        const found = (root?.content?.['principals'] ?? []) as readonly { readonly name: string }[];
        t.deepEqual(
          found.map(({ name }) => name),
          [...trusted],
        );
        const { content } = chain.state.objects.get('ApprovalPolicy//default') ?? {};
        t.deepEqual(content?.['quorum'], counting === undefined ? undefined : [{ count: counting }]);
      }
    }),
    { numRuns: 60 },
  );
});
