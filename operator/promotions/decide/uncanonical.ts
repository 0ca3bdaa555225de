import { CanonicalError, canonicalJSON, printable, type CanonicalErrorCode } from '../../canonical/index.ts';
import type { ActingWorld } from './world.ts';

export interface Uncanonical {
  /** Of the CanonicalError. */
  readonly reason: CanonicalErrorCode;
  readonly message: string;
}

/**
 * What of a world has no digest, so that nothing about it can be compared, signed or approved: an integer past 2^53 above
 * all, which an API server takes and a parser of JSON rounds. Undefined when everything has one.
 */
export function uncanonicalIn(world: ActingWorld): Uncanonical | undefined {
  for (const workload of world.workloads) {
    const { kind, name, live } = workload;
    const planned = 'planned' in workload ? workload.planned : undefined;
    const shown = `${kind}/${printable(name)}`;
    const found =
      fault(`the content of ${shown}`, live?.spec) ??
      fault(`what ${shown} would become`, planned !== undefined && 'spec' in planned ? planned.spec : undefined);
    if (found !== undefined) return found;
  }
  for (const { kind, name, live } of world.objects) {
    const found = fault(`the content of ${kind}/${printable(name)}`, live);
    if (found !== undefined) return found;
  }
  const target = fault('the ProductionTarget', world.target?.spec);
  if (world.stage === 'RollingOut') return target;
  const { environment, policy, keyring } = world;
  return (
    fault('the status of the environment', environment?.status) ??
    fault('the ApprovalPolicy', 'object' in policy ? policy.object.spec : undefined) ??
    fault('the ApproverKeyring', 'object' in keyring ? keyring.object.spec : undefined) ??
    target
  );
}

/** The words for an error that came out of reading already. */
export function uncanonicalError({ code, message }: CanonicalError): Uncanonical {
  return {
    reason: code,
    message: `content of production has no digest, so nothing is approved: ${printable(message, 500)}`,
  };
}

function fault(what: string, value: unknown): Uncanonical | undefined {
  if (value === undefined) return undefined;
  try {
    canonicalJSON(value);
    return undefined;
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return {
      reason: error.code,
      message: `${what} has no digest, so nothing is approved: ${printable(error.message, 500)}`,
    };
  }
}
