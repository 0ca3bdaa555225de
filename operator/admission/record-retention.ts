import { all, any, not, text } from './cel.ts';
import { refusal } from './denial.ts';
import { API_VERSION, CUT_PREFIX, GROUP, RECORD_HEADS } from './names.ts';
import type { PolicyRule } from './policy.ts';
import type { Who } from './who.ts';

const record = 'oldObject.spec.sequence';
const target = 'oldObject.spec.target.name';
const refersToIt = (list: string): string => `${list}.exists(e, e.record == oldObject.metadata.name)`;

/**
 * What the promotions process, which alone may delete a record at all, may delete: what a cut lets go, where a target says
 * that records have an end, and never what the lock refers to. Admission has no clock: that a record is old enough is the
 * process' to tell, and the log and the signed heads outside of its reach show what it deleted.
 */
export function recordRetention(by: Who, systemNamespace: string): readonly PolicyRule[] {
  const rule = {
    match: [{ groups: [GROUP], resources: ['promotionrecords'], operations: ['DELETE'] }],
    conditions: [{ name: 'promotions-account', expression: by.namedPromotions }],
  } satisfies Partial<PolicyRule>;
  return [
    {
      ...rule,
      name: 'record-cuts',
      description: 'A record is deleted only where a cut of its chain lets it go.',
      params: {
        kind: { apiVersion: 'v1', kind: 'ConfigMap' },
        ref: { name: RECORD_HEADS, namespace: systemNamespace },
      },
      variables: [
        {
          name: 'words',
          expression: `params.?data[?(${text(CUT_PREFIX)} + request.namespace + '.' + ${target})].orValue('').split(' ')`,
        },
      ],
      validations: [
        {
          expression: all(
            `variables.words.exists(w, w.startsWith('upto=') && int(w.substring(5)) >= ${record})`,
            `!(('not=' + string(${record})) in variables.words)`,
          ),
          message: refusal("' is a record that no cut lets go'"),
        },
      ],
    },
    {
      ...rule,
      name: 'records-in-use',
      description: 'A record that the lock refers to is not deleted.',
      lock: 'IfPresent',
      validations: [
        {
          expression: not(
            `(${any(...['params.spec.approved', 'params.spec.?objects.orValue([])', 'params.spec.?jobs.orValue([])'].map(refersToIt))})`,
          ),
          message: refusal("' says why something is approved: it stays as long as the lock refers to it'"),
        },
      ],
    },
    {
      ...rule,
      name: 'record-targets',
      description: 'Records of a target that sets no end to them are not deleted.',
      params: { kind: { apiVersion: API_VERSION, kind: 'ProductionTarget' }, ref: { selector: {} } },
      validations: [
        {
          expression: any(`params.metadata.name != ${target}`, 'has(params.spec.records)'),
          message: refusal("' is kept for ever: its target sets no keepFor in records'"),
        },
      ],
    },
  ];
}
