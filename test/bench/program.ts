/** The environments process as its image runs it, but for the way to pods: no node here runs any that could be reached. */
import { startEnvironments } from '../../operator/processes/environments.ts';
import { parseFlags } from '../../operator/processes/flags.ts';
import { firstSignal } from '../../operator/processes/signals.ts';

const signal = firstSignal();
const command = parseFlags(process.argv.slice(2));
if (!('run' in command) || command.run !== 'environments') throw new Error('run it as environments');
const tryReach = async (): Promise<{ readonly reached: true }> => ({ reached: true });
await (
  await startEnvironments(command.options, { signal, tryReach })
).done;
process.exit(0);
