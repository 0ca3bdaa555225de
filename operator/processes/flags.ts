import { parseArgs } from 'node:util';
import { productionTargetSpec } from '../api/index.ts';
import { LOG_LEVELS, type ListenAddress, type LogLevel, type PodWriter, type ProcessOptions } from './options.ts';

export const PROCESSES = ['environments', 'promotions'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** What the command line asks for. */
export type Command =
  | { readonly run: ProcessName; readonly options: ProcessOptions }
  /** Text for standard output. */
  | { readonly help: string };

/** The command line cannot be read; the message says what to write. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

const usage = `usage: main.ts <environments|promotions> [flags]

  --kubeconfig <file>            default: $KUBECONFIG, the pod's service account, ~/.kube/config
  --namespace <name>             Twinlock's own namespace (default twinlock-system)
  --cluster-name <name>          default: the first 8 characters of kube-system's uid
  --http-address <host:port>     pages for people (default 0.0.0.0:8080)
  --health-address <host:port>   /healthz, /readyz, /metrics (default 0.0.0.0:8081)
  --boundary-image <image>       image of the proxy in front of each environment
  --network-policies-enforced    the cluster's network plugin enforces NetworkPolicies
  --pod-writers <json>           who else writes annotations and readiness gates of production's running pods, as
                                 podWriters of a ProductionTarget has it
  --log-level <level>            ${LOG_LEVELS.join(', ')} (default info)
  --leader-elect                 wait for the lease before changing anything
`;

/**
 * Reads the arguments after the program's name.
 *
 * @throws UsageError for what it does not know
 */
export function parseFlags(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help === true) return { help: usage };
  const run = PROCESSES.find((name) => name === positionals[0]);
  if (run === undefined || positionals.length !== 1) throw new UsageError(`say which process to run\n\n${usage}`);
  return {
    run,
    options: {
      kubeconfig: values.kubeconfig,
      namespace: values.namespace,
      clusterName: values['cluster-name'],
      http: listenAddress('http-address', values['http-address']),
      health: listenAddress('health-address', values['health-address']),
      logLevel: logLevel(values['log-level']),
      leaderElect: values['leader-elect'],
      boundaryImage: values['boundary-image'],
      networkPoliciesEnforced: values['network-policies-enforced'],
      podWriters: podWriters(values['pod-writers']),
    },
  };
}

const options = {
  kubeconfig: { type: 'string' },
  namespace: { type: 'string', default: 'twinlock-system' },
  'cluster-name': { type: 'string' },
  'http-address': { type: 'string', default: '0.0.0.0:8080' },
  'health-address': { type: 'string', default: '0.0.0.0:8081' },
  'boundary-image': { type: 'string' },
  'network-policies-enforced': { type: 'boolean', default: false },
  'pod-writers': { type: 'string', default: '[]' },
  'log-level': { type: 'string', default: 'info' },
  'leader-elect': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

function parse(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : 'unreadable flags'}\n\n${usage}`, {
      cause: error,
    });
  }
}

function listenAddress(flag: string, text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || text.endsWith(':') || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`--${flag} ${text}: write host:port, such as 0.0.0.0:8080`);
  }
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0', port };
}

/** A writer that cannot be read is refused, not left out: the network of every pod may hang on it. */
function podWriters(text: string): readonly PodWriter[] {
  const schema = productionTargetSpec.shape.podWriters.unwrap();
  const read = schema.safeParse(parsed(text));
  if (read.success) return read.data;
  const [problem] = read.error.issues;
  const where = problem?.path.map(String).join('.') ?? '';
  throw new UsageError(`--pod-writers ${text}: ${where === '' ? '' : `${where}: `}${problem?.message ?? 'unreadable'}`);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw new UsageError(
      `--pod-writers ${json}: write a list in JSON, such as [{"user": "...", "annotations": ["..."]}]`,
      {
        cause: error,
      },
    );
  }
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text);
  if (level === undefined) throw new UsageError(`--log-level ${text}: write one of ${LOG_LEVELS.join(', ')}`);
  return level;
}
