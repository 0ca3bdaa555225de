/** What must hold before people are asked: pure functions over what was observed. */
export { environmentGate, type GateOutcome } from './environment/judge.ts';
export { gatesExpireAt, runGates, type GatesInput, type GateState } from './run.ts';
export { windowGates, windowsAt, type WindowGate, type WindowsState } from './window/judge.ts';
export type { Artifact } from './artifact.ts';
