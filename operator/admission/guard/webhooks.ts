import { kinds } from '../../api/index.ts';
import { all, any, sameExcept, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import { GROUP } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { may } from '../who.ts';

const RESOURCES = ['*', ...kinds.map(({ plural }) => plural)];

/** CEL: some rule of the webhook `w` takes in a kind of this group, by name or by a wildcard. */
const matchesOurs = `w.?rules.orValue([]).exists(r, r.?apiGroups.orValue([]).exists(g, g in ${texts(['*', GROUP])})
  && r.?resources.orValue([]).exists(x, x.split('/')[0] in ${texts(RESOURCES)}))`;

/**
 * A webhook that is asked about this group changes what the operator writes, or keeps it from writing. Who renews a
 * certificate of one that is there changes nothing of that.
 */
export function guardWebhooks(): PolicyRule {
  const unchanged = `dyn(oldObject).?webhooks.orValue([]).exists(o, ${all(
    'o.name == w.name',
    sameExcept('w', 'o', ['clientConfig']),
    sameExcept('w.clientConfig', 'o.clientConfig', ['caBundle']),
  ).replaceAll('\n', ' ')})`;
  return {
    name: 'guard-webhooks',
    description: "Webhooks that match Twinlock's kinds are made and changed with the verb upgrade only.",
    match: [
      {
        groups: ['admissionregistration.k8s.io'],
        resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
        operations: ['CREATE', 'UPDATE'],
      },
    ],
    variables: [{ name: 'matching', expression: `dyn(object).?webhooks.orValue([]).filter(w, ${matchesOurs})` }],
    validations: [
      {
        expression: any(
          'variables.matching.size() == 0',
          may('upgrade', 'productiontargets'),
          all("request.operation == 'UPDATE'", `variables.matching.all(w, ${unchanged})`),
        ),
        message: refusal(
          `' would change or refuse what Twinlock writes, since its rules match ${GROUP}: name the groups that it is for, or install it with the verb upgrade on productiontargets'`,
        ),
      },
    ],
  };
}
