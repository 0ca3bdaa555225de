import test from 'ava';
import { Registry } from 'prom-client';
import type { ProductionTarget } from '../../operator/api/index.ts';
import type { Enforcement } from '../../operator/targets/index.ts';
import { targetMetrics } from '../../operator/targets/metrics.ts';
import { target } from './promotion-world.ts';

const called = (namespace: string): ProductionTarget => ({
  ...target(),
  metadata: { ...target().metadata, namespace },
});
const held = { active: true, message: '' };
const states: Readonly<Record<string, Enforcement>> = {
  shop: held,
  open: { active: false, message: 'the policies are away' },
  warned: { active: false, message: 'mode is Warn', warn: true },
  full: { ...held, podsRefused: 'exceeded quota' },
};

test('each scrape shows what holds of each target by now, and nothing of one that is gone', async (t) => {
  const registry = new Registry();
  let targets = Object.keys(states).map(called);
  let mutators = 2;
  const { tampered } = targetMetrics({
    metrics: { registry },
    targets: { list: () => targets },
    enforcement: (namespace) => states[namespace] ?? held,
    mutators: () => mutators,
  });
  const shown = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  tampered.inc();
  t.deepEqual(await shown(), [
    'twinlock_enforcement_active{target="shop/web"} 1',
    'twinlock_enforcement_active{target="open/web"} 0',
    'twinlock_enforcement_active{target="full/web"} 1',
    'twinlock_foreign_mutators 2',
    'twinlock_pods_refused{target="shop/web"} 0',
    'twinlock_pods_refused{target="open/web"} 0',
    'twinlock_pods_refused{target="warned/web"} 0',
    'twinlock_pods_refused{target="full/web"} 1',
    'twinlock_tampered_total 1',
  ]);
  targets = [called('shop')];
  mutators = 0;
  t.deepEqual(await shown(), [
    'twinlock_enforcement_active{target="shop/web"} 1',
    'twinlock_foreign_mutators 0',
    'twinlock_pods_refused{target="shop/web"} 0',
    'twinlock_tampered_total 1',
  ]);
});
