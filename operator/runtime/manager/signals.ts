import type { Logger } from '../../kube/index.ts';
import type { RunningManager } from './types.ts';

/**
 * Stops on SIGTERM and SIGINT; a second signal ends the process at once.
 *
 * @param host `process`, or what stands for it in a test
 */
export function stopOnSignals(
  running: Pick<RunningManager, 'stop'>,
  logger: Logger,
  host: Pick<NodeJS.Process, 'on' | 'exit'> = process,
): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      logger.warn({ signal }, 'second signal, leaving at once');
      host.exit(1);
    }
    stopping = true;
    logger.info({ signal }, 'stopping');
    void running.stop();
  };
  host.on('SIGTERM', onSignal);
  host.on('SIGINT', onSignal);
}
