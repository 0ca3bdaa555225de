import { all, any, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import { CONFIGURATION_KEY, RECORD_HEADS, RECORD_KEY } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { clearsNamespace, may, type Who } from '../who.ts';

/**
 * What says how far the chains of records have come, and the key that signs it. Whoever could write either would cut a chain
 * and sign what is left, and a key of digests that somebody knows shows what Secrets hold; who reads Secrets of this namespace is nobody that admission sees.
 */
export function guardRecords(by: Who, systemNamespace: string): PolicyRule {
  const operations = ['CREATE', 'UPDATE', 'DELETE'] as const;
  return {
    name: 'guard-records',
    description: "The heads of the chains of records, and the key that signs them, are the promotions process's.",
    namespaces: { matchLabels: { 'kubernetes.io/metadata.name': systemNamespace } },
    match: [{ groups: [''], resources: ['secrets', 'configmaps'], operations }],
    conditions: [
      {
        name: 'records',
        // By the object: a request that deletes a collection names none.
        expression: `dyn(object == null ? oldObject : object).metadata.?name.orValue('') in (request.resource.resource == 'secrets' ? ${texts([RECORD_KEY, CONFIGURATION_KEY])} : ${texts([RECORD_HEADS])})`,
      },
    ],
    validations: [
      {
        expression: any(
          // Without them nothing would be known of cuts, and records could go without one.
          all(by.promotions, "request.operation != 'DELETE'"),
          clearsNamespace,
          may('upgrade', 'productiontargets', text(systemNamespace)),
        ),
        message: refusal("' tells whether records were cut off: this needs the verb upgrade on productiontargets'"),
      },
    ],
  };
}
