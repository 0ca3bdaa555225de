import test from 'ava';
import { gatesExpireAt, runGates, type GatesInput, type GateState } from '../../operator/gates/index.ts';
import { environment, images, now, policy } from './promotion-world.ts';

const HOUR = 3_600_000;
const artifacts = [{ kind: 'Deployment', name: 'web', container: 'web', image: images.second }] as const;
const others = [{ ...artifacts[0], image: images.third }] as const;
const given = policy();
if (!('object' in given)) throw new Error('there is no policy');
const { spec } = given.object;
const input: GatesInput = {
  now,
  policy: spec,
  environment: environment(images.second),
  running: { artifacts },
  latched: undefined,
};
const passed: GateState = {
  name: 'environment',
  type: 'Environment',
  result: 'Passed',
  summary: 'as it was',
  finishedAt: new Date(now - HOUR).toISOString(),
};
const latched = (...gates: readonly GateState[]): GatesInput => ({ ...input, latched: { artifacts, gates } });
const scan = { name: 'scan', type: 'LeakScan' as 'Environment' };

const named = (gates: GatesInput['policy']['gates']): readonly string[] =>
  runGates({ ...input, policy: { ...spec, gates } }).map(({ name, type }) => `${name} ${type}`);

test('the gate Environment comes first where the policy has others only, and once where it names it', (t) => {
  t.deepEqual(named([scan]), ['environment Environment', 'scan LeakScan']);
  t.deepEqual(named([scan, { name: 'env', type: 'Environment' }]), ['scan LeakScan', 'env Environment']);
});

test('a gate of an unknown type fails, says what to do, and has no time at which it finished', (t) => {
  const [, state] = runGates({ ...input, policy: { ...spec, gates: [scan] } });
  t.deepEqual(state, {
    ...scan,
    result: 'Failed',
    summary: 'this version knows no gate of type LeakScan: remove it from the policy, or upgrade',
  });
});

test('a result that latched is taken as it was', (t) => {
  t.deepEqual(runGates(latched(passed)), [passed]);
});

/** Results that are no result of this gate, or that never finished. */
const unlatched: readonly (readonly [string, GateState])[] = [
  ['of another name', { ...passed, name: 'another' }],
  ['of another type', { ...passed, type: 'LeakScan' as 'Environment' }],
  ['that did not pass', { ...passed, result: 'Failed' }],
  ['without a time', { ...passed, finishedAt: undefined }],
];
for (const [what, gate] of unlatched)
  test(`a gate runs again beside a result ${what}`, (t) => {
    const [state] = runGates(latched(gate));
    t.is(state?.result, 'Passed');
    t.not(state?.summary, 'as it was');
    t.is(state?.finishedAt, '2026-11-21T10:00:00Z');
  });

test('a gate that ran again for the same artifacts passes, for others it fails', (t) => {
  const same = runGates({ ...latched(), running: { artifacts } });
  t.is(same[0]?.result, 'Passed');
  const [moved] = runGates({ ...latched(), running: { artifacts: others } });
  t.deepEqual(moved, {
    name: 'environment',
    type: 'Environment',
    result: 'Failed',
    summary: 'the environment runs other images by now than this promotion asked votes for: create a new Promotion',
  });
});

test('what an environment runs counts once it is ready: until then its own state is the reason', (t) => {
  const running = { message: 'the environment reports no image of workload web' };
  const [ready] = runGates({ ...input, running });
  t.deepEqual([ready?.result, ready?.summary], ['Failed', running.message]);
  const [starting] = runGates({
    ...input,
    running,
    environment: environment(images.second, { conditions: { Ready: 'False' } }),
  });
  t.deepEqual(
    [starting?.result, starting?.summary],
    ['Pending', 'environment shop-dev/pr-42 is not Ready: Ready is False'],
  );
  const [absent] = runGates({ ...input, running, environment: undefined });
  t.deepEqual([absent?.result, absent?.summary], ['Pending', 'the environment does not exist']);
});

test('without the environment nothing that latched before matters to a gate that runs', (t) => {
  const [absent] = runGates({ ...latched(), environment: undefined, running: { artifacts: others } });
  t.is(absent?.summary, 'the environment does not exist');
});

test('gates expire with the oldest of those that finished', (t) => {
  const at = (hours: number): GateState => ({ ...passed, finishedAt: new Date(now - hours * HOUR).toISOString() });
  const open: GateState = { ...passed, result: 'Pending', finishedAt: undefined };
  t.is(gatesExpireAt([at(1), open, at(3), at(2)], { ...spec, evidenceMaxAge: '10h' }), now + 7 * HOUR);
  t.is(gatesExpireAt([open], spec), Infinity);
});
