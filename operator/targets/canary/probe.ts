import { fieldManagers, lockRules, policyName } from '../../api/index.ts';
import type { Members } from '../../canonical/index.ts';
import { ApiError, Pod, type Client, type KubeObject, type ResourceType } from '../../kube/index.ts';
import type { Approved, ApprovedObject, WorkloadKey } from '../../lock/index.ts';
import { contentOfObject, isKnownKind, objectType, withObjectContent } from '../../objects/index.ts';
import { podTemplateOf, withTemplate, workloadOf } from '../../workloads/index.ts';
import { answerTo, type Answer } from './answers.ts';
import { forbiddenPod, MARK } from './shape.ts';

/** What the API server answered to forbidden changes. */
export interface Enforcement {
  readonly active: boolean;
  /** Why it is not; while it is: what other rules answered before the lock could. */
  readonly message: string;
  /** Policies are missing or changed: trying again helps only after somebody installed them. */
  readonly drifted?: boolean | undefined;
  /** The namespace is in mode Warn: that nothing is refused is meant. */
  readonly warn?: boolean | undefined;
  /** A pod of what is approved would not come back after an eviction: the API server's words. */
  readonly podsRefused?: string | undefined;
  /** What does not take the lock off and has to be known, one line each. */
  readonly warnings?: readonly string[] | undefined;
}

/** What is tried on. */
export interface Tried {
  readonly namespace: string;
  /** One that is protected; undefined when none exists. */
  readonly workload: WorkloadKey | undefined;
  /** Approved content whose shape the canary's pod has. */
  readonly approved: Pick<Approved, 'kind' | 'spec'> | undefined;
  /** An object beside the workloads that is protected; undefined when none is there. */
  readonly object?: ApprovedObject | undefined;
}

type ProbeClient = Pick<Client, 'patch' | 'create'>;
interface Probe {
  /** What is forbidden, and the policy that is there for it. */
  readonly what: string;
  readonly send: () => Promise<Answer>;
}
type Answered = Pick<Probe, 'what'> & { readonly answer: Answer };

const OPTIONS = { dryRun: true, fieldManager: fieldManagers.canary } as const;

/**
 * Sends forbidden changes as dry runs (security: "Canary"): a pod that is approved but for one difference, and another
 * pod template for a protected workload, and where objects are held another annotation for one of them. One that is let through is a hole. One that somebody else refuses is none and
 * proves nothing, so at least one must be refused by the lock; where others answer for both, a third is tried that nobody
 * has rules for.
 */
export async function probe(client: ProbeClient, tried: Tried): Promise<Enforcement> {
  const { namespace, workload } = tried;
  const onWorkload = (what: string, send: (workload: WorkloadKey) => Promise<Answer>): readonly Probe[] =>
    workload === undefined ? [] : [{ what, send: () => send(workload) }];
  const first = await ask([
    { what: policyName(lockRules.pods), send: () => makePod(client, tried) },
    ...onWorkload(policyName(lockRules.workloads), (key) => editTemplate(client, namespace, key)),
    ...onObject(tried, (object, content, type) => makeObject(client, namespace, object, content, type)),
  ]);
  if (!needsAnother(first)) return enforcementOf(first);
  const second = await ask(
    onWorkload(policyName(lockRules.workloadStatus), (key) => editStatus(client, namespace, key)),
  );
  return enforcementOf([...first, ...second]);
}

/** What follows from the answers: a pure function. */
function enforcementOf(answers: readonly Answered[]): Enforcement {
  const through = answers.find(({ answer }) => answer.by === 'Nobody');
  if (through !== undefined)
    return {
      active: false,
      message: `a forbidden change was not refused by ${through.what}: install the admission policies of this version again`,
    };
  const others = answers.flatMap(({ what, answer }) =>
    answer.by === 'Other' ? [`another rule answered before ${what}: ${answer.message}`] : [],
  );
  if (answers.some(({ answer }) => answer.by === 'Lock')) return { active: true, message: others.join('; ') };
  return {
    active: false,
    message:
      others.length === 0
        ? 'there is nothing here to try a forbidden change on'
        : `whether the lock holds cannot be seen, since ${others.join('; ')}`,
  };
}

function needsAnother(answers: readonly Answered[]): boolean {
  return !answers.some(({ answer }) => answer.by === 'Lock' || answer.by === 'Nobody');
}

function ask(probes: readonly Probe[]): Promise<readonly Answered[]> {
  return Promise.all(probes.map(async ({ what, send }) => ({ what, answer: await send() })));
}

function makePod(client: ProbeClient, { namespace, approved }: Tried): Promise<Answer> {
  return answerTo(
    () => client.create(Pod, forbiddenPod(namespace, approved), OPTIONS),
    // A bare pod is forbidden by itself, marked or not.
    () => true,
  );
}

/** A finalizer in the template: no field that a target may let others change, and none that anybody else looks at. */
function editTemplate(client: ProbeClient, namespace: string, { kind, name }: WorkloadKey): Promise<Answer> {
  const body = { spec: withTemplate(kind, {}, { metadata: { finalizers: [MARK] } }) };
  return answerTo(
    () => client.patch(workloadOf(kind).type, { namespace, name }, { type: 'merge', body }, OPTIONS),
    (live) => {
      const { finalizers = [] }: Partial<KubeObject['metadata']> = podTemplateOf(kind, live)?.metadata ?? {};
      return finalizers.includes(MARK);
    },
  );
}

function onObject(
  { object }: Tried,
  send: (object: ApprovedObject, content: Members, type: ResourceType) => Promise<Answer>,
): readonly Probe[] {
  const content = object?.content;
  if (object === undefined || content === undefined || !isKnownKind(object.kind)) return [];
  const type = objectType(object.kind);
  return [{ what: policyName(lockRules.objects), send: () => send(object, content, type) }];
}

/** Makes it once more with an annotation that nobody approved; whether it is there already is asked after the lock. */
function makeObject(
  client: ProbeClient,
  namespace: string,
  { kind, name }: ApprovedObject,
  content: Members,
  type: ResourceType,
): Promise<Answer> {
  const marked = withObjectContent({ kind, name }, namespace, content, undefined);
  const object = {
    ...marked,
    metadata: { ...marked.metadata, annotations: { ...marked.metadata.annotations, [MARK]: 'forbidden' } },
  };
  const wanted = withObjectContent({ kind, name }, namespace, contentOfObject(kind, object), undefined);
  return answerTo(
    () =>
      client.create(type, wanted, OPTIONS).catch((error: unknown) => {
        if (error instanceof ApiError && error.reason === 'AlreadyExists') return wanted;
        throw error;
      }),
    ({ metadata }) => metadata.annotations?.[MARK] !== undefined,
  );
}

/** Only controllers write status, and rules about workloads hardly ever look at it. */
function editStatus(client: ProbeClient, namespace: string, { kind, name }: WorkloadKey): Promise<Answer> {
  // No field that not every kind has.
  const body = { status: {} };
  return answerTo(
    () =>
      client.patch(
        workloadOf(kind).type,
        { namespace, name },
        { type: 'merge', body },
        { ...OPTIONS, subresource: 'status' },
      ),
    () => true,
  );
}
