import test from 'ava';
import { imageNotExercised, notExercised } from '../../operator/promotions/decide/exercised.ts';
import { factsOf, type Facts } from '../../operator/promotions/decide/facts.ts';
import type { Verdict } from '../../operator/promotions/decide/index.ts';
import { deciding, images, policy, world } from './promotion-world.ts';

const deny = deciding(world({ policy: policy({ notExercised: 'Deny' }) }));
const facts = (changes: Partial<Facts>): Facts => ({ ...factsOf(deny), ...changes });
const of = (...paths: readonly string[]): Verdict | undefined => notExercised(deny, facts({ notExercised: paths }));
const told = (what: string): string =>
  `the policy wants nothing in production that the environment did not run with: ${what}; give the environment's workload a template with the same, and promote that`;

test('a policy that wants everything exercised names the first three that were not, and how many more', (t) => {
  t.is(of(), undefined);
  t.is(of('a', 'b')?.message, told('a, b'));
  t.is(of('a', 'b', 'c')?.message, told('a, b, c'));
  t.is(of('a', 'b', 'c', 'd')?.message, told('a, b, c and 1 more'));
  t.is(of('a', 'b', 'c', 'd', 'e')?.message, told('a, b, c and 2 more'));
  t.deepEqual([of('a')?.reason, of('a')?.stalled], ['NotExercised', true]);
});

test('a policy that lets it be, and one that is not known, say nothing of it', (t) => {
  const some = facts({ notExercised: ['a'] });
  t.is(notExercised(deciding(world()), some), undefined);
  t.is(notExercised({ ...deny, policy: { missing: 'none' } }, some), undefined);
});

const path = 'Deployment/web spec.template.spec.containers[name=web].image';

test('an image that did not run is refused with its place, whatever the policy', (t) => {
  const changes = [{ path, from: images.first, to: images.evil }];
  const verdict = imageNotExercised(deciding(world()), facts({ changes, notExercised: [path] }));
  t.deepEqual([verdict?.reason, verdict?.stalled], ['ImageNotInEnvironment', true]);
  t.is(
    verdict?.message,
    `${path} would become ${images.evil}, which did not run in the environment: promote what ran there`,
  );
});

const refused = (change: { readonly path: string; readonly to?: string }, listed: readonly string[]): boolean =>
  imageNotExercised(deny, facts({ changes: [change], notExercised: listed })) !== undefined;

test('an image that ran, one that goes, and what is no image are not refused for that', (t) => {
  t.true(refused({ path, to: images.evil }, [path]));
  t.false(refused({ path, to: images.evil }, []));
  t.false(refused({ path }, [path]));
  t.false(refused({ path: 'Deployment/web spec.minReadySeconds', to: 'x' }, ['Deployment/web spec.minReadySeconds']));
});
