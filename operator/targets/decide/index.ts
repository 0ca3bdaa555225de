/** What a target is and what is done next; pure. */
export { asksStill } from './asking.ts';
export { answeredOtherwise } from './changed.ts';
export { foundProtection, onlyWarns } from './common.ts';
export { decideTarget } from './decide.ts';
export { hasAdopted, unadopted, undecided } from './adopt.ts';
export { needsInventory } from './inventory.ts';
export { overduePods } from './pods.ts';
export { decideRelease, type ReleaseAction, type ReleaseDecision, type ReleaseWorld } from './release.ts';
export {
  decideUnreferenced,
  placeOf,
  unreferenced,
  type LeftConfiguration,
  type UnreferencedDecision,
  type UnreferencedWorld,
} from './unreferenced.ts';
export { notWritten, type TargetAction, type TargetVerdict } from './verdict.ts';
export { warningsOf } from './warnings.ts';
export type {
  LiveWorkload,
  Named,
  PresentWorkload,
  Rehearsal,
  Running,
  TargetWorld,
  UnsignedWorld,
  World,
} from './world.ts';
