/** What a process follows it cannot do without: without the right to, it is never ready, and says what it waits for. */
import test, { type ExecutionContext } from 'ava';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { certManagerCRDs, gatewayCRDs, waitFor, type ApiCluster } from '../harness/index.ts';
import { openEnvironments } from '../stage/environments.ts';
import { openPromotions } from '../stage/promotions.ts';
import { Shop } from '../stage/shop.ts';
import { renderedRights, renderedRoles, type Right } from '../stage/rights.ts';
import { account, systemNamespace, type ProcessName } from '../stage/stage.ts';
import { recordRemoval } from '../stage/uses.ts';

interface Stage {
  readonly cluster: ApiCluster;
  readonly stop: () => Promise<void>;
  readonly startProcess: () => Promise<RunningProcess>;
}
type Verb = 'list' | 'watch';
interface Followed {
  readonly right: Right;
  readonly group: string;
  readonly resource: string;
}

/** Kinds that a process both lists and watches. */
function followed(process: ProcessName, verb: Verb): readonly Followed[] {
  const rights = renderedRights();
  return [...rights].flatMap((right) => {
    const [prefix, at = ''] = right.split(/ (?=\S+$)/);
    if (prefix !== `${process}: ${verb}` || !rights.has(`${process}: watch ${at}`)) return [];
    const [resource = '', group = ''] = at.split('/').toReversed();
    return [{ right, group, resource }];
  });
}

interface ClusterRole {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: unknown;
}

/** Gives the processes what these roles have. */
async function give({ cluster }: Stage, roles: readonly object[]): Promise<void> {
  const followers = (['promotions', 'environments'] as const).map((process) => account(process).name);
  // Rendered just so.
  for (const { kind, metadata, rules } of roles as readonly ClusterRole[])
    if (kind === 'ClusterRole' && followers.includes(metadata.name))
      await cluster.request('PATCH', `/apis/rbac.authorization.k8s.io/v1/clusterroles/${metadata.name}`, {
        body: { rules },
        contentType: 'application/merge-patch+json',
      });
}

async function may({ cluster }: Stage, process: ProcessName, verb: Verb, { group, resource }: Followed) {
  const { body } = await cluster.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${systemNamespace}:${account(process).name}`,
        resourceAttributes: { verb, group, resource },
      },
    },
  });
  return (body as { readonly status: { readonly allowed: boolean } }).status.allowed;
}

async function readiness({ health }: RunningProcess): Promise<string> {
  const answer = await fetch(`http://${health.host}:${health.port}/readyz`);
  return answer.text();
}

async function each(t: ExecutionContext, stage: Stage, process: ProcessName, verb: Verb): Promise<void> {
  const kinds = followed(process, verb);
  t.true(kinds.length > 5);
  for (const kind of kinds) {
    await give(stage, renderedRoles(kind.right));
    await waitFor(`it has no right to ${verb} ${kind.resource}`, async () => !(await may(stage, process, verb, kind)));
    const running = await stage.startProcess();
    const waiting = `[-] caches: waiting for ${[kind.resource, kind.group].filter((part) => part !== '').join('.')}\n`;
    await waitFor(`it waits for ${kind.resource} alone`, async (seen) => {
      const text = await readiness(running);
      seen(text);
      return text === waiting;
    });
    await running.stop();
    await give(stage, renderedRoles());
    await recordRemoval(import.meta.filename, kind.right);
  }
}

const open = {
  environments: openEnvironments,
  promotions: async (options: Parameters<typeof openPromotions>[0]) => {
    const stage = await openPromotions(options);
    // Workloads and pods are followed where a target names them.
    await new Shop(stage, 'followed').open();
    return stage;
  },
};
for (const process of ['promotions', 'environments'] as const)
  for (const verb of ['watch', 'list'] as const)
    test.serial(
      `without the right to ${verb} any kind that it follows the ${process} process is never ready`,
      async (t) => {
        t.timeout(10 * 60_000);
        // What is watched from the start is not listed: only an API server that streams no lists is asked for one.
        const old = { apiServerFlags: { 'feature-gates': 'WatchList=false' } };
        const stage = await open[process](verb === 'list' ? old : {});
        t.teardown(() => stage.stop());
        // What is not served is not listed: whoever follows it hears so without the right to.
        for (const definitions of [await gatewayCRDs(), await certManagerCRDs()])
          await stage.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: definitions.join('\n---\n') });
        await each(t, stage, process, verb);
      },
    );
