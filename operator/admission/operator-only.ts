import { all, any, not, text, texts } from './cel.ts';
import { refusal } from './denial.ts';
import { GROUP } from './names.ts';
import type { PolicyRule } from './policy.ts';
import { clearsNamespace, onSubResource, type Who } from './who.ts';

/** Kinds whose status the environments process writes; all others are the promotions process's. */
const ENVIRONMENT_KINDS = ['twinenvironments', 'twinenvironmentsets', 'twinclasses', 'vendortwins'];
/** Of a GateRun the one process asks, and the other says what it saw: neither could do both. */
const isObservers = any(
  `request.resource.resource in ${texts(ENVIRONMENT_KINDS)}`,
  all("request.resource.resource == 'gateruns'", onSubResource('status')),
);

/** What the namespace controller said last of a namespace that goes. */
const said = (condition: string, status: 'True' | 'False'): string =>
  `dyn(namespaceObject).?status.?conditions.orValue([]).exists(c, c.type == ${text(condition)} && c.status == ${text(status)})`;

/** It tried to delete everything, the lock too, and what is left has no finalizer of anybody's. */
const isLast = all(
  said('NamespaceDeletionContentFailure', 'True'),
  said('NamespaceContentRemaining', 'False'),
  said('NamespaceFinalizersRemaining', 'False'),
);

/**
 * Status, locks, records and what gates saw are the operator's own word. The writer is its process, not only its account:
 * `edit` may impersonate service accounts or mint tokens of them, but those carry no pod. None of them has an owner, so the
 * garbage collector has nothing to do with them; they go with their namespace.
 */
export function operatorOnly(by: Who, systemNamespace: string): PolicyRule {
  // Sealed trust is a chain in Twinlock's own namespace. What may go beside is for the rules of record-retention.
  const mayGo = all(
    by.promotions,
    `request.namespace != ${text(systemNamespace)}`,
    `!(oldObject.spec.type in ${texts(['Adopted', 'Trust'])})`,
  );
  return {
    name: 'operator-only',
    description:
      "Status of Twinlock's kinds, WorkloadLocks, PromotionRecords and GateRuns are written by the operator only.",
    match: [
      { groups: [GROUP], resources: ['*/status'], operations: ['CREATE', 'UPDATE'] },
      {
        groups: [GROUP],
        resources: ['workloadlocks', 'promotionrecords', 'gateruns'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
    ],
    validations: [
      {
        expression: any(
          `(${isObservers} ? (${by.environments}) : (${by.promotions}))`,
          all("request.operation == 'DELETE'", clearsNamespace),
        ),
        message: refusal("' is written by the operator only: change the spec of what it follows from'"),
      },
      {
        expression: any(
          "request.resource.resource != 'promotionrecords'",
          "request.operation == 'CREATE'",
          all("request.operation == 'DELETE'", any(clearsNamespace, mayGo)),
        ),
        message: refusal("' is a record: records are added, never changed'"),
      },
      {
        // Who could take one away would look again until it passes.
        expression: any("request.resource.resource != 'gateruns'", "request.operation != 'DELETE'", clearsNamespace),
        message: refusal("' is evidence: it goes with its namespace'"),
      },
      {
        // A missing lock lets nothing change, not even a finalizer that somebody takes off: the namespace would stay.
        expression: any(
          "request.resource.resource != 'workloadlocks'",
          "request.operation != 'DELETE'",
          not(`(${clearsNamespace})`),
          isLast,
        ),
        message: refusal("' goes last: what its namespace still holds is compared with it until it is gone'"),
      },
    ],
  };
}
