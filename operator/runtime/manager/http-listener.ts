import { createServer } from 'node:http';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import type { ListenAddress } from './types.ts';

/** A plain HTTP server that can be closed at once, whatever its clients keep open. */
export class HttpListener {
  readonly #server: Server;

  constructor(answer: RequestListener, options: ServerOptions = {}) {
    this.#server = createServer({ keepAliveTimeout: 5_000, ...options }, answer);
  }

  /** Returns the address it listens on (the port when 0 was asked for). Rejects when the port is taken. */
  async listen({ host, port }: ListenAddress): Promise<ListenAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    return { host, port: typeof address === 'object' && address !== null ? address.port : port };
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
