import test from 'ava';
import { parseFlags, UsageError } from '../../operator/processes/flags.ts';

test('flags have defaults that suit the chart', (t) => {
  t.deepEqual(parseFlags(['environments']), {
    run: 'environments',
    options: {
      kubeconfig: undefined,
      namespace: 'twinlock-system',
      clusterName: undefined,
      http: { host: '0.0.0.0', port: 8080 },
      health: { host: '0.0.0.0', port: 8081 },
      logLevel: 'info',
      leaderElect: false,
      boundaryImage: undefined,
      networkPoliciesEnforced: false,
      podWriters: [],
    },
  });
});

test('flags are read in both forms', (t) => {
  const command = parseFlags([
    'promotions',
    '--namespace',
    'a',
    '--http-address=[::1]:9',
    '--leader-elect',
    '--log-level=warn',
  ]);
  t.like(command, {
    run: 'promotions',
    options: { namespace: 'a', http: { host: '::1', port: 9 }, leaderElect: true, logLevel: 'warn' },
  });
});

test('writers of pods are read as a target has them', (t) => {
  const writers = [{ user: 'system:ovn-node:*', annotations: ['k8s.ovn.org/*'] }];
  const command = parseFlags(['promotions', `--pod-writers=${JSON.stringify(writers)}`]);
  t.like(command, { options: { podWriters: writers } });
});

for (const args of [
  [],
  ['both'],
  ['environments', 'promotions'],
  ['environments', '--unknown'],
  ['environments', '--http-address=x'],
  ['environments', '--health-address=h:99999'],
  ['environments', '--log-level=loud'],
  ['environments', '--pod-writers=[]'],
  ['promotions', '--boundary-image=registry.example/caddy'],
  ['promotions', '--pod-writers=multus'],
  ['promotions', '--pod-writers={"user": "a"}'],
  ['promotions', '--pod-writers=[{"annotations": ["a"]}]'],
  ['promotions', '--pod-writers=[{"user": "*"}]'],
  ['promotions', '--pod-writers=[{"user": "a"}, {"user": "a"}]'],
]) {
  test(`flags refuse ${JSON.stringify(args)} with what to write`, (t) => {
    t.throws(() => parseFlags(args), { instanceOf: UsageError });
  });
}

test('--help is an answer, not an error: it names both processes and shows examples', (t) => {
  const command = parseFlags(['--help']);
  t.regex('help' in command ? command.help : '', /environments[^]*promotions[^]*Examples:[^]*--boundary-image/);
});

test("each process's --help has its own flags alone", (t) => {
  const [environments, promotions] = ['environments', 'promotions'].map((name) => {
    const command = parseFlags([name, '--help']);
    return 'help' in command ? command.help : '';
  });
  t.regex(environments ?? '', /--boundary-image/);
  t.notRegex(environments ?? '', /--pod-writers/);
  t.regex(promotions ?? '', /--pod-writers/);
  t.notRegex(promotions ?? '', /--boundary-image/);
});

for (const [args, says] of [
  [[], /say which process to run[^]*environments[^]*promotions/],
  [['both'], /unknown command 'both'/],
  [['environments', '--boundary-imag=x'], /Did you mean --boundary-image\?/],
  [['environments', '--http-address=x'], /--http-address.*Write host:port, such as 0\.0\.0\.0:8080/],
  [['environments', '--log-level=loud'], /fatal, error, warn, info, debug, trace/],
  [['promotions', '--pod-writers=multus'], /Write a list in JSON/],
  [['promotions', '--pod-writers=[{"annotations": ["a"]}]'], /0\.user/],
] as const) {
  test(`what is wrong in ${JSON.stringify(args)} is said with what to write`, (t) => {
    t.throws(() => parseFlags(args), { instanceOf: UsageError, message: says });
  });
}

test('an auditor exports with the names of a target, and verifies with files alone', (t) => {
  t.deepEqual(parseFlags(['records', 'export', '--namespace=shop', '--target=web']), {
    records: 'export',
    options: { namespace: 'shop', target: 'web', systemNamespace: 'twinlock-system' },
  });
  t.deepEqual(parseFlags(['records', 'verify', '-']), {
    records: 'verify',
    options: { file: '-', keys: [], checkpoints: [], witnesses: undefined, countersignatures: [], output: 'text' },
  });
  const flags = ['--key=a', '--key', 'b', '--checkpoint=p', '--witnesses=w', '--countersignature=c', '-o', 'json'];
  t.deepEqual(parseFlags(['records', 'verify', 'web.jsonl', ...flags]), {
    records: 'verify',
    options: {
      file: 'web.jsonl',
      keys: ['a', 'b'],
      checkpoints: ['p'],
      witnesses: 'w',
      countersignatures: ['c'],
      output: 'json',
    },
  });
});

for (const [args, words] of [
  [['records', 'export', '--namespace=shop'], /--target/],
  [['records', 'verify'], /file/],
  [['records', 'verify', 'x', '-o', 'yaml'], /Allowed choices are text, json/],
  [['records', 'prune'], /unknown command 'prune'/],
] as const)
  test(`not a command line: ${args.join(' ')}`, (t) => {
    t.throws(() => parseFlags(args), { instanceOf: UsageError, message: words });
  });

function help(...args: readonly string[]): string {
  const command = parseFlags([...args, '--help']);
  return 'help' in command ? command.help : '';
}

test('the help of an auditor has examples and the exit codes', (t) => {
  t.regex(help('records'), /export[\s\S]*verify/);
  t.regex(help('records', 'export'), /Examples:[\s\S]*records export --namespace=shop --target=web/);
  t.regex(help('records', 'verify'), /Exit codes: 0 intact and complete, 1 [\s\S]*Examples:[\s\S]*--witnesses/);
});
