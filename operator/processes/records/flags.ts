import { Option, type Command as Commander } from 'commander';
import { systemNamespace } from '../../api/index.ts';
import type { ExportOptions, RecordsCommand, VerifyOptions } from './options.ts';

const EXPORT_EXAMPLES = `
Examples:
  main.ts records export --namespace=shop --target=web > web.jsonl
  main.ts records export --namespace=shop --target=web | main.ts records verify - --key=cluster.key
`;
const VERIFY_EXAMPLES = `
Exit codes: 0 intact and complete, 1 something was changed or is missing, 2 it cannot be told or was not read.

Examples:
  main.ts records verify web.jsonl
  main.ts records verify web.jsonl --key=cluster.key -o json
  kubectl logs -n twinlock-system deployment/twinlock-promotions | main.ts records verify - --key=cluster.key
  cat before-the-cut.jsonl web.jsonl | main.ts records verify - --key=cluster.key
  main.ts records verify web.jsonl --checkpoint=seen --witnesses=allowed_signers --countersignature=seen.sig
`;

/** Adds the commands of auditors. */
export function withRecords(program: Commander, choose: (command: RecordsCommand) => void): void {
  const records = program
    .command('records')
    .usage('<export|verify> [flags]')
    .description('exports the records of a target, and verifies an export offline')
    .helpCommand(false);
  const exporting = records
    .command('export')
    .usage('--namespace <name> --target <name> [flags]')
    .description('writes the records of a target, and the signed head of their chain, as JSON Lines')
    .requiredOption('--namespace <name>', 'namespace of the ProductionTarget')
    .requiredOption('--target <name>', 'name of the ProductionTarget')
    .option('--system-namespace <name>', "Twinlock's own namespace", systemNamespace)
    .option('--kubeconfig <file>', "default: $KUBECONFIG, the pod's service account, ~/.kube/config")
    .addHelpText('after', EXPORT_EXAMPLES);
  exporting.action(() => choose({ records: 'export', options: exporting.opts<ExportOptions>() }));
  const verifying = records
    .command('verify')
    .usage('<file|-> [flags]')
    .description('says whether records were changed and whether some are missing; needs no cluster')
    .argument('<file>', 'an export, or the log of the promotions process; - for standard input')
    .option('--key <file>', 'keys of clusters that you trust, one a line; may be given again', collect, [])
    .option('--checkpoint <file>', 'a checkpoint that you kept; may be given again', collect, [])
    .option('--witnesses <file>', 'keys of witnesses, as ssh-keygen reads ALLOWED SIGNERS')
    .option('--countersignature <file>', 'what a witness signed; may be given again', collect, [])
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', VERIFY_EXAMPLES);
  verifying.action((file: string) => {
    const { key, checkpoint, witnesses, countersignature, output } = verifying.opts<VerifyFlags>();
    const options = {
      file,
      keys: key,
      checkpoints: checkpoint,
      witnesses,
      countersignatures: countersignature,
      output,
    };
    choose({ records: 'verify', options });
  });
}

interface VerifyFlags extends Pick<VerifyOptions, 'witnesses' | 'output'> {
  readonly key: readonly string[];
  readonly checkpoint: readonly string[];
  readonly countersignature: readonly string[];
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
