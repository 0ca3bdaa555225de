import { DIGEST, IMAGE_DIGEST, RFC3339 } from '../../canonical/index.ts';
import { KEY_TYPES } from '../../votes/index.ts';

const LIST = (item: string): string => `${item}(,${item}){0,30}`;
const WEEKDAY = '(MO|TU|WE|TH|FR|SA|SU)';
/** Parts of a recurrence rule; those of the hours are missing, for a window begins at its own. */
const RECURRENCE_PARTS: readonly string[] = [
  'INTERVAL=[1-9][0-9]{0,2}',
  'COUNT=[1-9][0-9]{0,3}',
  'UNTIL=[0-9]{8}T[0-9]{6}Z',
  `BYDAY=${LIST(`([+-]?[1-5])?${WEEKDAY}`)}`,
  `BYMONTHDAY=${LIST('-?([1-9]|[12][0-9]|3[01])')}`,
  `BYMONTH=${LIST('([1-9]|1[0-2])')}`,
  `BYSETPOS=${LIST('-?[1-9][0-9]{0,2}')}`,
  `WKST=${WEEKDAY}`,
];

/**
 * Every pattern of the API. The API server compiles them as RE2 and JavaScript runs them too, so they use only what both
 * read alike: no look-around, no back references, no `\d` or `\s`, anchored at both ends.
 */
export const patterns = {
  dnsLabel: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  componentName: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  dnsSubdomain: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  personName: /^[a-z0-9]([-a-z0-9._@]*[a-z0-9])?$/,
  imageByDigest: new RegExp(
    `^([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?${IMAGE_DIGEST.source}`,
  ),
  pinnedImage: new RegExp(`^[!-?A-~]+${IMAGE_DIGEST.source}`),
  imagePrefix: /^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]{1,5})?\/[a-z0-9._/:@-]*$/,
  /** RFC 5545 (3.3.10), of days and longer, with the parts that say on which days: what occurs more often is no window. */
  recurrence: new RegExp(`^FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY)(;(${RECURRENCE_PARTS.join('|')})){0,8}$`),
  /** A wall clock: no zone, no fraction. */
  localTime: /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$/,
  timeOfDay: /^([01][0-9]|2[0-3]):[0-5][0-9]$/,
  /** A name of the IANA database. */
  timeZone: /^[A-Z][A-Za-z0-9_+-]{1,30}(\/[A-Z][A-Za-z0-9_+-]{1,30}){0,2}$/,
  duration: /^([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?$/,
  nonZero: /[1-9]/,
  timestamp: RFC3339,
  sha256: DIGEST,
  gitRevision: /^[a-f0-9]{7,64}$/,
  // As Kubernetes has it: neither `.` nor a start of two dots (k8s.io/apimachinery/pkg/util/validation, IsEnvVarName).
  envName: /^([-A-Za-z_]|\.[-A-Za-z0-9_])[-A-Za-z0-9_.]*$/,
  // As Kubernetes has keys of ConfigMaps (k8s.io/apimachinery/pkg/util/validation, IsConfigMapKey).
  configKey: /^([-_A-Za-z0-9]|\.[-_A-Za-z0-9])[-._A-Za-z0-9]*$/,
  bindingValue: /^[ -z|~]*(\{(url|host|port|key)\}[ -z|~]*)+$/,
  httpURL: /^https?:\/\/([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?(\/[!-~]*)?$/,
  // No query and nothing encoded: a path that every proxy writes alike.
  forwardURL:
    /^https?:\/\/([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?(\/[A-Za-z0-9._~-]*)*$/,
  /** A URL of a Service, with its namespace. */
  serviceURL: /^https?:\/\/[a-z]([-a-z0-9]*[a-z0-9])?\.([a-z0-9]([-a-z0-9]*[a-z0-9])?)\.svc([.:/].*)?$/,
  headerName: /^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$/,
  cookieName: /^[A-Za-z0-9._-]+[*]?$/,
  urlPath: /^\/[!-~]*$/,
  portName: /^[a-z](-?[a-z0-9])*$/,
  // No segment begins with two dots, and nothing in it needs an encoding.
  adminPath: /^(\/[.]?[A-Za-z0-9_~@:!$-][A-Za-z0-9._~@:!$-]*)+$/,
  directory: /^(\/[A-Za-z0-9._@+-]+)+$/,
  filePath: /^\/[!-~]*$/,
  quantity: /^[0-9]+(\.[0-9]+)?([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?$/,
  cidr: /^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*)\/(0|[1-9][0-9]{0,2})$/,
  publicKey: new RegExp(`^(${KEY_TYPES.join('|').replaceAll('.', String.raw`\.`)}) [A-Za-z0-9+/]+={0,2}( [ -~]*)?$`),
  version: /^[A-Za-z0-9]([-A-Za-z0-9_.+]*[A-Za-z0-9])?$/,
  printable: /^[!-~]([ -~]*[!-~])?$/,
  labelKey: /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
  labelValue: /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
} as const;
