/** Who asked for a promotion stands in it on every version of Kubernetes, whoever writes it there. */
import test from 'ava';
import { hasMutatingPolicies, type Answer } from '../harness/index.ts';
import { denied } from './assert.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { messageOf, promotionOf } from '../stage/objects.ts';
import { Production } from '../stage/production.ts';
import type { Json } from '../stage/stage.ts';

const ANNOTATION = 'twinlock.dev/requested-by';
let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(() => stage?.stop());

/** As the agent, with nothing added. */
async function create(shop: Production, name: string, annotations?: Json): Promise<Answer> {
  const promotion = promotionOf(name);
  const body = { ...promotion, metadata: { name, ...(annotations !== undefined && { annotations }) } };
  return stage.cluster.request('POST', shop.own('promotions'), { as: stage.files.agent, body });
}
const requester = ({ body }: Answer): unknown => ((body as Live).metadata['annotations'] as Json)[ANNOTATION];

test('denied or put right: a promotion in the name of somebody else', async (t) => {
  const shop = await Production.open(stage, 'requested');
  const answer = await create(shop, 'web-1', { [ANNOTATION]: 'alice' });
  if (hasMutatingPolicies) t.is(requester(answer), 'agent');
  else denied(t, answer, 'requested-by', /names its requester/);
});

test('the requester is there: written by the API server, or by the line that its refusal prints', async (t) => {
  const shop = await Production.open(stage, 'asked');
  const answer = await create(shop, 'web-1');
  if (hasMutatingPolicies) return void t.is(requester(answer), 'agent');
  denied(t, answer, 'requested-by');
  const [, line = '', user = ''] = /metadata\.annotations the line (\S+): "([^"]+)"/.exec(messageOf(answer)) ?? [];
  t.deepEqual([line, user], [ANNOTATION, 'agent']);
  const second = await create(shop, 'web-1', { [line]: user });
  t.is(second.status, 201, messageOf(second));
});

test('denied: the requester changed or taken away afterwards', async (t) => {
  const shop = await Production.open(stage, 'changed-requester');
  await create(shop, 'web-1', { [ANNOTATION]: 'agent' });
  for (const value of ['alice', null])
    denied(
      t,
      await stage.agent('PATCH', shop.own('promotions', 'web-1'), {
        metadata: { annotations: { [ANNOTATION]: value } },
      }),
      'requested-by',
      new RegExp(`the line ${ANNOTATION}: "agent"`),
    );
});
