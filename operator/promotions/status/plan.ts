import { maxPlannedChanges, type PromotionStatus } from '../../api/index.ts';
import { printable, type JSONValue } from '../../canonical/index.ts';
import type { Decision, World } from '../decide/index.ts';
import { metadataChanges, type Change } from '../../votes/statement/index.ts';

/** Characters of all changes: votes and statements share the object. */
const MAX_CHARACTERS = 65_536;
const MAX_PATH = 1000;
const MAX_VALUE = 1000;

/**
 * What the promotion would change, for whoever only wants to know: there as soon as the API server answered the dry run,
 * gates passed or not. Labels and annotations of the objects themselves are in it too.
 */
export function planOf(world: World, { facts }: Decision): Pick<PromotionStatus, 'plan'> {
  if (facts === undefined || world.stage !== 'Deciding') return {};
  const own = facts.metadata.flatMap((metadata) => {
    const live = world.workloads.find(({ kind, name }) => kind === metadata.kind && name === metadata.name)?.live;
    return metadataChanges(metadata, { labels: live?.metadata.labels, annotations: live?.metadata.annotations });
  });
  const changes = [...facts.changes, ...own];
  if (changes.length === 0) return {};
  const shown = thatFit(changes.map(shownChange));
  const paths = new Set(shown.map(({ path }) => path));
  const notExercised = facts.notExercised.map((path) => printable(path, MAX_PATH)).filter((path) => paths.has(path));
  return {
    plan: {
      changes: [...shown],
      ...(notExercised.length === 0 ? {} : { notExercised }),
      ...(shown.length === changes.length ? {} : { omitted: changes.length - shown.length }),
    },
  };
}

type Shown = NonNullable<NonNullable<PromotionStatus['plan']>['changes']>[number];

function shownChange({ path, from, to }: Change): Shown {
  return {
    path: printable(path, MAX_PATH),
    ...(from === undefined ? {} : { from: shownValue(from) }),
    ...(to === undefined ? {} : { to: shownValue(to) }),
  };
}

/** Text as it is, everything else as JSON. */
function shownValue(value: JSONValue): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE);
}

function thatFit(changes: readonly Shown[]): readonly Shown[] {
  let characters = 0;
  const first = changes.findIndex(({ path, from = '', to = '' }) => {
    characters += path.length + from.length + to.length;
    return characters > MAX_CHARACTERS;
  });
  return changes.slice(0, first === -1 ? maxPlannedChanges : Math.min(first, maxPlannedChanges));
}
