import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { HarnessError } from './errors.ts';

/**
 * Ports of 127.0.0.1 that nothing listens on. They lie below the range that the kernel gives to outgoing connections, so
 * a port stays free while its server is restarted.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; tries < 200 && found.size < count; tries++) {
    const port = randomInt(20_000, 30_000);
    if (await free(port)) found.add(port);
  }
  if (found.size < count) throw new HarnessError('Prerequisite', 'no free ports between 20000 and 30000 of 127.0.0.1');
  return [...found];
}

function free(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
