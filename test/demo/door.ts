import { request } from 'node:http';

/** An answer that came through the front door. */
export interface DoorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/**
 * GET of a URL whose host leads to this machine, whatever its resolver thinks of names below `localhost` (RFC 6761,
 * section 6.3, says loopback; not every resolver does).
 *
 * @throws Error when nothing answers in 10 s
 */
export async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<DoorAnswer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: port === '' ? 80 : Number(port),
      path: `${pathname}${search}`,
      headers: { host, ...headers },
      timeout: 10_000,
    };
    const sent = request(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error(`${url} did not answer in 10 s`)));
    sent.on('error', reject);
    sent.end();
  });
}
