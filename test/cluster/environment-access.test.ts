import anyTest, { type TestFn } from 'ava';
import { waitFor } from '../harness/index.ts';
import { own } from '../stage/objects.ts';
import { bringUp, list, openEnvironments, smallest, type Object_, type Stage } from '../stage/environments.ts';

const test = anyTest as TestFn<{ readonly stage: Stage }>;

test.before(async (t) => {
  const stage = await openEnvironments({ testFile: import.meta.filename });
  t.context = { stage };
  await stage.startProcess();
});
test.after.always((t) => t.context.stage?.stop());

/** What a member of a group may do in a namespace, as the API server itself answers. */
async function may(stage: Stage, group: string, namespace: string, act: string): Promise<boolean> {
  const [verb, resource = '', subresource = ''] = act.split(/[ /]/);
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: 'someone',
      groups: [group],
      resourceAttributes: { namespace, verb, resource, subresource, group: GROUPS[resource] ?? '' },
    },
  };
  const answer = await stage.cluster.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { body });
  return (answer.body as { readonly status: { readonly allowed: boolean } }).status.allowed;
}

const GROUPS: Readonly<Record<string, string>> = {
  deployments: 'apps',
  rolebindings: 'rbac.authorization.k8s.io',
  networkpolicies: 'networking.k8s.io',
};

const reads = ['get pods', 'get pods/log', 'list events', 'watch pods', 'list deployments', 'list services'];
const enters = ['create pods/exec', 'get pods/exec', 'create pods/portforward'];
const never = [
  'get secrets',
  'list secrets',
  'get configmaps',
  'create pods',
  'patch pods',
  'delete pods',
  'patch pods/status',
  'patch pods/ephemeralcontainers',
  'create pods/attach',
  'patch deployments',
  'delete deployments',
  'create rolebindings',
  'patch networkpolicies',
  'create services',
  'create pods/proxy',
  'get services/proxy',
];

test("a class lets groups into its environments' namespaces: to look, or into pods too, and never to write", async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([
    own('TwinClass', 'seen', {
      access: [
        { group: 'developers', role: 'Viewer' },
        { group: 'seniors', role: 'Debugger' },
      ],
    }),
  ]);
  const { namespace = '' } = await bringUp(stage, 'open', { ...smallest, classRef: { name: 'seen' } });
  const { namespace: other = '' } = await bringUp(stage, 'closed', smallest);

  for (const act of reads) {
    t.true(await may(stage, 'developers', namespace, act), `developers ${act}`);
    t.true(await may(stage, 'seniors', namespace, act), `seniors ${act}`);
    t.false(await may(stage, 'developers', other, act), `developers ${act} in an environment of another class`);
    t.false(await may(stage, 'developers', 'shop-dev', act), `developers ${act} elsewhere`);
  }
  for (const act of enters) {
    t.false(await may(stage, 'developers', namespace, act), `developers ${act}`);
    t.true(await may(stage, 'seniors', namespace, act), `seniors ${act}`);
  }
  for (const act of never)
    for (const group of ['developers', 'seniors']) t.false(await may(stage, group, namespace, act), `${group} ${act}`);
});

test('who is named no longer is out; what nobody has is not bound', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([own('TwinClass', 'moving', { access: [{ group: 'developers', role: 'Debugger' }] })]);
  const { namespace = '' } = await bringUp(stage, 'moved', { ...smallest, classRef: { name: 'moving' } });
  t.true(await may(stage, 'developers', namespace, 'create pods/exec'));

  await stage.cluster.apply([own('TwinClass', 'moving', { access: [{ group: 'developers', role: 'Viewer' }] })]);
  await waitFor(
    'the debugger to be a viewer',
    async () => !(await may(stage, 'developers', namespace, 'create pods/exec')),
  );
  await waitFor('the viewer to be in', () => may(stage, 'developers', namespace, 'get pods/log'));

  await stage.cluster.apply([own('TwinClass', 'moving', { access: [] })]);
  await waitFor('the viewer to be out', async () => !(await may(stage, 'developers', namespace, 'get pods/log')));
  const bindings = await list<Object_>(
    stage,
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
  );
  t.deepEqual(
    bindings.map(({ metadata }) => metadata.name),
    ['twinlock-environments'],
  );
});

test('a class lets nobody in who has not signed in', async (t) => {
  const { stage } = t.context;
  for (const group of ['system:unauthenticated', 'system:anonymous']) {
    const { status, body } = await stage.cluster.request('POST', '/apis/twinlock.dev/v1alpha1/twinclasses', {
      body: own('TwinClass', 'everybody', { access: [{ group, role: 'Viewer' }] }),
    });
    t.is(status, 422);
    t.regex(JSON.stringify(body), /spec\.access\[0\]\.group.*name a group of people who sign in/);
  }
});
