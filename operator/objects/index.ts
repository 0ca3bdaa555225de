/** Objects of production beside its workloads: their kinds, and what an approval covers of each. Pure. */
export {
  ALLOCATED_BY_SERVICE,
  contentOfObject,
  HEADLESS,
  objectDigest,
  withObjectContent,
  type ObjectKey,
} from './content.ts';
export { isKnownKind, objectType, ObjectTypes, objectTypes, ObjectUnreadable } from './table.ts';
