import { Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import {
  definedKindFault,
  definedKinds,
  productionTargetSpec,
  systemNamespace,
  type DefinedKind,
} from '../api/index.ts';
import type { ListenAddress } from '../runtime/index.ts';
import { withRecords } from './records/flags.ts';
import type { RecordsCommand } from './records/options.ts';
import { LOG_LEVELS, type LogLevel, type PodWriter, type ProcessOptions } from './options.ts';

const PROCESSES = ['environments', 'promotions'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** What the command line asks for. */
export type Command =
  | { readonly run: ProcessName; readonly options: ProcessOptions }
  | RecordsCommand
  /** Text for standard output. */
  | { readonly help: string };

/** The command line cannot be read; the message says what to write. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/** The flags of every process, as commander reads them. */
interface CommonFlags {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly clusterName?: string;
  readonly httpAddress: ListenAddress;
  readonly healthAddress: ListenAddress;
  readonly logLevel: LogLevel;
  readonly leaderElect: boolean;
}

type SealedTrust = NonNullable<ProcessOptions['sealedTrust']>;

interface EnvironmentsFlags extends CommonFlags {
  readonly boundaryImage?: string;
  readonly networkPoliciesEnforced: boolean;
}

interface PromotionsFlags extends CommonFlags {
  readonly trustRoot?: Pick<SealedTrust, 'keyring' | 'digest'>;
  readonly trustChain: string;
  readonly podWriters: readonly PodWriter[];
  readonly kinds: readonly DefinedKind[];
}

const EXAMPLES = `
Examples:
  main.ts environments --boundary-image=registry.example/caddy@sha256:... --leader-elect
  main.ts promotions --cluster-name=production --leader-elect
  main.ts promotions --trust-root=default@sha256:... --leader-elect
  main.ts promotions --kubeconfig=$HOME/.kube/config --health-address=127.0.0.1:8081 --log-level=debug
  main.ts records export --namespace=shop --target=web > web.jsonl
  main.ts records verify web.jsonl --key=cluster.key
`;

/**
 * Reads the arguments after the program's name.
 *
 * @throws UsageError for what it does not know
 */
export function parseFlags(args: readonly string[]): Command {
  let command: Command | undefined;
  let printed = '';
  const program = programOf(
    (chosen) => (command = chosen),
    (text) => (printed += text),
  );
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { help: printed };
    const missing = error.code === 'commander.help' ? 'say which process to run\n\n' : '';
    throw new UsageError(missing + printed.trimEnd(), { cause: error });
  }
  if (command === undefined) throw new UsageError('say which process to run');
  return command;
}

type Choose = (command: Command) => void;

function programOf(choose: Choose, print: (text: string) => void): Commander {
  const program = new Commander('main.ts')
    .usage('<environments|promotions|records> [flags]')
    .description('Runs one of the two processes of Twinlock, or audits its records.')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: print })
    .configureHelp({ helpWidth: 120 })
    .showHelpAfterError('(--help shows every flag)')
    .addHelpText('after', EXAMPLES);
  const environments = withCommon(program.command('environments'))
    .description('makes and keeps twin environments, and serves their pages')
    .option('--boundary-image <image>', 'image of the proxy in front of each environment')
    .option('--network-policies-enforced', "the cluster's network plugin enforces NetworkPolicies", false);
  environments.action(() => {
    const { boundaryImage, networkPoliciesEnforced, ...common } = environments.opts<EnvironmentsFlags>();
    const options = { ...commonOptions(common), boundaryImage, networkPoliciesEnforced, podWriters: [] };
    choose({ run: 'environments', options });
  });
  const promotions = withCommon(program.command('promotions'))
    .description('holds production to what people approved')
    .option(
      '--pod-writers <json>',
      "who else writes annotations and readiness gates of production's running pods, as podWriters of a ProductionTarget has it",
      podWriters,
      [],
    )
    .option(
      '--kinds <json>',
      'further kinds of objects that targets may list, as promotions.kinds of the chart',
      kinds,
      [],
    )
    .option(
      '--trust-root <keyring@digest>',
      'seals trust: what changes in keyrings, policies and targets counts only when the people of this ApproverKeyring signed it; the digest is that of its first version',
      trustRoot,
    )
    .option('--trust-chain <name>', 'chain of records that says what was signed', trustChain, 'trust');
  promotions.action(() => {
    const {
      podWriters: writers,
      kinds: named,
      trustRoot: root,
      trustChain: chain,
      ...common
    } = promotions.opts<PromotionsFlags>();
    const sealedTrust = root === undefined ? undefined : { ...root, chain };
    const options = {
      ...commonOptions(common),
      networkPoliciesEnforced: false,
      podWriters: writers,
      kinds: named,
      sealedTrust,
    };
    choose({ run: 'promotions', options });
  });
  withRecords(program, choose);
  return program;
}

function withCommon(command: Commander): Commander {
  const http = { host: '0.0.0.0', port: 8080 };
  const health = { host: '0.0.0.0', port: 8081 };
  return command
    .usage('[flags]')
    .option('--kubeconfig <file>', "default: $KUBECONFIG, the pod's service account, ~/.kube/config")
    .option('--namespace <name>', "Twinlock's own namespace", systemNamespace)
    .option('--cluster-name <name>', "default: the first 8 characters of kube-system's uid")
    .addOption(address('--http-address <host:port>', 'pages for people', http))
    .addOption(address('--health-address <host:port>', '/healthz, /readyz, /metrics', health))
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info'))
    .option('--leader-elect', 'wait for the lease before changing anything', false);
}

function address(flags: string, description: string, value: ListenAddress): Option {
  return new Option(flags, description).default(value, `${value.host}:${value.port}`).argParser(listenAddress);
}

function commonOptions({
  kubeconfig,
  namespace,
  clusterName,
  httpAddress,
  healthAddress,
  logLevel,
  leaderElect,
}: CommonFlags): Omit<ProcessOptions, 'networkPoliciesEnforced'> {
  return { kubeconfig, namespace, clusterName, http: httpAddress, health: healthAddress, logLevel, leaderElect };
}

/** A pin that cannot be read must not stand for none. */
function trustRoot(text: string): Pick<SealedTrust, 'keyring' | 'digest'> {
  const [, keyring, digest] = /^([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)@(sha256:[0-9a-f]{64})$/.exec(text) ?? [];
  if (keyring === undefined || digest === undefined)
    throw new InvalidArgumentError('Write the name of an ApproverKeyring and its digest, such as default@sha256:... .');
  return { keyring, digest };
}

function trustChain(text: string): string {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("Write lower-case letters, digits and '-', such as trust.");
}

function listenAddress(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || text.endsWith(':') || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('Write host:port, such as 0.0.0.0:8080.');
  }
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0', port };
}

/** A writer that cannot be read is refused, not left out: the network of every pod may hang on it. */
function podWriters(text: string): readonly PodWriter[] {
  return read(
    productionTargetSpec.shape.podWriters.unwrap(),
    text,
    'Write a list in JSON, such as [{"user": "...", "annotations": ["..."]}].',
  );
}

/** One that cannot be held must not be written by anybody in the name of a promotion. */
function kinds(text: string): readonly DefinedKind[] {
  const named = read(
    definedKinds,
    text,
    'Write a list in JSON, such as [{"group": "...", "version": "v1", "kind": "...", "plural": "..."}].',
  );
  const fault = definedKindFault(named);
  if (fault !== undefined) throw new InvalidArgumentError(fault);
  return named;
}

function read<S extends z.ZodType>(schema: S, text: string, hint: string): z.output<S> {
  const result = schema.safeParse(parsed(text, hint));
  if (result.success) return result.data;
  const [problem] = result.error.issues;
  const where = problem?.path.map(String).join('.') ?? '';
  throw new InvalidArgumentError(`${where === '' ? '' : `${where}: `}${problem?.message ?? 'unreadable'}`);
}

function parsed(json: string, hint: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new InvalidArgumentError(hint);
  }
}
