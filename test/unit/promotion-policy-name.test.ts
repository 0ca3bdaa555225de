import test from 'ava';
import type { ApprovalPolicy } from '../../operator/api/index.ts';
import { policyNameOf } from '../../operator/promotions/decide/index.ts';
import { policy, target } from './promotion-world.ts';

const named = (name: string, isDefault: boolean): ApprovalPolicy => {
  const given = policy({ default: isDefault });
  if (!('object' in given)) throw new Error('there is no policy');
  return { ...given.object, metadata: { name } };
};

test('the policy is the one that the target names, whatever is the default and whether it exists', (t) => {
  const own = target({ approvalPolicyRef: { name: 'strict' } });
  t.deepEqual(policyNameOf(own, [named('lax', true)]), { name: 'strict' });
  t.deepEqual(policyNameOf(own, []), { name: 'strict' });
});

test('else it is the only default, whatever else there is', (t) => {
  const policies = [named('strict', false), named('lax', true), named('odd', false)];
  t.deepEqual(policyNameOf(target(), policies), { name: 'lax' });
  t.deepEqual(policyNameOf(undefined, policies), { name: 'lax' });
});

test('no default and several are told with their number', (t) => {
  t.deepEqual(policyNameOf(target(), []), { defaults: 0 });
  t.deepEqual(policyNameOf(target(), [named('strict', false)]), { defaults: 0 });
  t.deepEqual(
    policyNameOf(
      target(),
      ['a', 'b', 'c'].map((name) => named(name, true)),
    ),
    { defaults: 3 },
  );
});
