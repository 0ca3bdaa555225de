import { MAX_ARMOR_CHARACTERS } from '../votes/index.ts';
import { ownBounds } from './bounds.ts';
import { all, any, text } from './cel.ts';
import { refusal } from './denial.ts';
import { keepsOwners } from './lifecycle.ts';
import { describe, matchConstraints, type PolicyObject, type PolicyRule } from './policy.ts';
import { GROUP, policyName, REQUESTED_BY, VOTE_PREFIX } from './names.ts';
import { fieldManager, may } from './who.ts';

const MOST_VOTES = 32;
/** What every signature has in it; an approver may take away what has not. */
const ARMOR = 'BEGIN SSH SIGNATURE';
/** The armor that `ssh-keygen -Y sign` writes (PROTOCOL.sshsig), `$(...)` having dropped the last line break or not. */
const WHOLE_ARMOR = '^-----BEGIN SSH SIGNATURE-----\\n([A-Za-z0-9+/]{1,76}={0,2}\\n)+-----END SSH SIGNATURE-----\\n?$';
const FLUX_LABELS = ['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'];

const promotions = (operations: readonly ('CREATE' | 'UPDATE')[]) => [
  { groups: [GROUP], resources: ['promotions'], operations },
];
const votesOf = (annotations: string): string => `${annotations}.filter(k, k.startsWith(${text(VOTE_PREFIX)}))`;
const annotations = (object: string): string => `${object}.metadata.?annotations.orValue({})`;

/**
 * Who adds a vote may vote, nobody changes one, and nobody takes one away that the controller has not seen: what it has
 * seen is in status and counts from there, approvers included: one of them could keep another's reject from being seen.
 * The signature decides; this only keeps noise out.
 */
export function votes(): PolicyRule {
  const flux = FLUX_LABELS.map((label) => `${text(label)} in object.metadata.?labels.orValue({})`);
  return {
    name: 'votes',
    description: 'Votes on a Promotion are added by those who may approve, and never changed.',
    match: promotions(['CREATE', 'UPDATE']),
    bounds: ownBounds,
    variables: [
      { name: 'now', expression: annotations('object') },
      { name: 'before', expression: `request.operation == 'UPDATE' ? ${annotations('oldObject')} : {}` },
      { name: 'added', expression: `${votesOf('variables.now')}.filter(k, !(k in variables.before))` },
      { name: 'removed', expression: `${votesOf('variables.before')}.filter(k, !(k in variables.now))` },
      {
        name: 'mayApprove',
        expression: may('approve', 'promotions', 'request.namespace', 'object.metadata.name'),
      },
      {
        name: 'kept',
        expression:
          "request.operation == 'UPDATE' ? dyn(oldObject).?status.?approval.?votes.orValue([]).map(v, v.?armor.orValue('')) : []",
      },
    ],
    validations: [
      {
        expression: "request.operation == 'UPDATE' || variables.added.size() == 0",
        message: refusal("' cannot be created with votes: they sign what its status.approval.statements says later'"),
      },
      {
        expression: 'variables.added.size() == 0 || variables.mayApprove',
        message: refusal(
          "' takes votes from those with the verb approve on promotions only (ClusterRole twinlock-approver)'",
        ),
      },
      {
        expression: `${votesOf('variables.now')}.all(k, !(k in variables.before) || variables.now[k] == variables.before[k])`,
        message: refusal("' keeps every vote as it was cast: add yours under another name'"),
      },
      {
        expression: any(
          `variables.removed.all(k, variables.kept.exists(a, variables.before[k] == a || variables.before[k] == a + '\\n')
  || (variables.mayApprove && !variables.before[k].contains(${text(ARMOR)})))`,
          may('unprotect', 'productiontargets', 'request.namespace'),
        ),
        message: refusal("' keeps every vote until its status has it'"),
      },
      {
        expression: all(
          `${votesOf('variables.now')}.size() <= ${MOST_VOTES}`,
          `variables.added.all(k, bytes(variables.now[k]).size() <= ${MAX_ARMOR_CHARACTERS})`,
        ),
        message: refusal(
          `' takes ${MOST_VOTES} votes of at most ${MAX_ARMOR_CHARACTERS} bytes: paste the armor of ssh-keygen -Y sign'`,
        ),
      },
      {
        expression: "variables.added.all(k, !variables.now[k].contains('\\r'))",
        message: refusal(
          text(
            " takes signatures as ssh-keygen writes them, and this one has Windows line ends: convert the file with tr -d '\\r'",
          ),
        ),
      },
      {
        expression: `variables.added.all(k, variables.now[k].matches(${text(WHOLE_ARMOR)}))`,
        message: refusal("' takes votes that are signatures: paste the whole armor of ssh-keygen -Y sign'"),
      },
      {
        expression: `variables.added.size() == 0 || !(${any(...flux)}) || !${fieldManager}.startsWith('kubectl')`,
        message: refusal(
          "' is managed by Flux, which drops what kubectl annotates: vote with kubectl annotate --field-manager=vote'",
        ),
      },
      { ...keepsOwners, message: refusal("' may not be given an owner: it would be deleted with it'") },
    ],
  };
}

/** The requester stands in an annotation that the API server itself writes, so that nobody approves what they asked for. */
export function requestedBy(): PolicyRule {
  const now = `object.metadata.?annotations[?${text(REQUESTED_BY)}]`;
  const before = `oldObject.metadata.?annotations[?${text(REQUESTED_BY)}]`;
  return {
    name: 'requested-by',
    description: 'A Promotion names the user who created it.',
    match: promotions(['CREATE', 'UPDATE']),
    bounds: ownBounds,
    validations: [
      {
        expression: `request.operation == 'UPDATE' ? ${now} == ${before} : ${now} == optional.of(request.userInfo.username)`,
        message: refusal(
          `' names its requester: write under metadata.annotations the line ${REQUESTED_BY}: "' + (request.operation == 'UPDATE' ? ${before}.orValue('') : request.userInfo.username) + '", or, from Kubernetes 1.36 on, leave it to the API server'`,
        ),
      },
    ],
  };
}

/** Writes the requester at CREATE, whatever the client sent; {@link requestedBy} checks it after all other mutations. */
export function setRequestedBy(): readonly PolicyObject[] {
  const metadata = describe('requested-by', 'Writes the user who creates a Promotion into an annotation.');
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'IfNeeded',
        matchConstraints: matchConstraints(promotions(['CREATE'])),
        // What is out of bounds is refused afterwards; merging into it would cost the more, the larger it is.
        matchConditions: [{ name: 'bounded', expression: ownBounds.expression }],
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: {
              expression: `Object{
  metadata: Object.metadata{
    annotations: {${text(REQUESTED_BY)}: request.userInfo.username}
  }
}`,
            },
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: policyName('requested-by') },
    },
  ];
}
