import { fieldManagers } from '../../api/index.ts';
import { ApiError, Deployment, Pod, type Client } from '../../kube/index.ts';

/** What the API server answered to a forbidden change. */
export interface Enforcement {
  readonly active: boolean;
  /** Why it is not. */
  readonly message: string;
  /** Policies are missing or changed: trying again helps only after somebody installed them. */
  readonly drifted?: boolean | undefined;
}

type ProbeClient = Pick<Client, 'patch' | 'create'>;
const OPTIONS = { dryRun: true, fieldManager: fieldManagers.canary } as const;

/**
 * Sends forbidden changes as dry runs (security: "Canary"): another pod template for a protected Deployment, and a bare
 * pod. Both must be refused by Twinlock's own policies; a refusal by anything else proves nothing.
 *
 * @param workload name of a protected Deployment; undefined when none exists
 */
export async function probe(
  client: ProbeClient,
  namespace: string,
  workload: string | undefined,
): Promise<Enforcement> {
  const answers = await Promise.all([
    workload === undefined ? undefined : refusal('twinlock-workloads', () => editTemplate(client, namespace, workload)),
    refusal('twinlock-pods', () => client.create(Pod, barePod(namespace), OPTIONS)),
  ]);
  const problem = answers.find((answer) => answer !== undefined);
  return problem === undefined ? { active: true, message: '' } : { active: false, message: problem };
}

/** What is wrong with the answer; undefined when the policy refused. */
async function refusal(policy: string, act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429) throw error;
    const gone = error.status === 404;
    if (gone || error.message.includes(`'${policy}'`)) return undefined;
    return `a forbidden change was refused, but not by ${policy}: ${error.message.slice(0, 300)}`;
  }
  return `a forbidden change was not refused by ${policy}: install the admission policies of this version again`;
}

function editTemplate(client: ProbeClient, namespace: string, name: string): Promise<unknown> {
  const body = { spec: { template: { metadata: { annotations: { 'twinlock.dev/canary': 'forbidden' } } } } };
  return client.patch(Deployment, { namespace, name }, { type: 'merge', body }, OPTIONS);
}

/** Fits the restricted Pod Security Standard, so that nothing but the lock has a reason to refuse it. */
function barePod(namespace: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'twinlock-canary', namespace },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'canary',
          image: 'twinlock.invalid/canary',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
