/** The one way in which a status is made and written, for every controller. */
export { conditionBounds } from './bounds.ts';
export { conditionsOf, type Conditioned, type ConditionInput, type Outcome } from './conditions.ts';
export { fittedLines, fittedText } from './texts.ts';
export { StatusWriter, type StatusOutcome, type StatusWriterOptions } from './writer.ts';
