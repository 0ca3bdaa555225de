import { z } from 'zod';

import { keyedList, setOf } from './lists.ts';
import { patterns } from './patterns.ts';
import type { Rule } from './rule.ts';
import { withRules } from './rule.ts';
import { worded } from './text.ts';
import { choice, port } from './values.ts';

/** What is spoken on a port. */
export const portProtocol = choice(
  'HTTP: HTTP/1, WebSocket and server-sent events too. H2C: HTTP/2 without TLS, as gRPC speaks it. TCP: anything else; it is reached inside the environment only.',
  ['HTTP', 'H2C', 'TCP'],
);

/** Ports of a twin that speak with the app. */
export const ports = withRules(
  keyedList(
    'Ports on which the twin answers. Bindings and the URL are of the first; the boundary leads to the first that speaks HTTP or H2C.',
    ['name'],
    z.object({
      name: worded(
        "Name of the port, as the twin's Service has it.",
        15,
        patterns.portName,
        "write a name such as grpc: lower-case letters, digits and single '-', starting with a letter",
      ),
      port: port('Port.'),
      protocol: portProtocol.default('HTTP'),
    }),
    { min: 1, max: 16 },
  ),
  {
    cel: 'self.all(a, self.exists_one(b, b.port == a.port))',
    message: 'write each port once',
    check: (list) => new Set(list.map((each) => each.port)).size === list.length,
  },
);

/** Port of a twin's admin API. */
export const adminPort = port("Port of the twin's admin API. It never leaves the environment's namespace.");

/** Paths of a twin's admin API that shares the port of the vendor's. */
export const adminPaths = setOf(
  "Paths of the twin's admin API on a port that it shares with the vendor's, e.g. /_internal. The boundary refuses each with all below it, however it is written; the app may call them.",
  worded(
    'A path.',
    128,
    patterns.adminPath,
    "write a path such as /_internal/config: letters, digits and '-', '.', '_', '~', '@', ':', '!', '$', no slash at the end; to keep everything inside, write expose: None",
  ),
  { min: 1, max: 16 },
);

interface Ported {
  readonly port?: number | undefined;
  readonly ports?: readonly { readonly name: string; readonly port: number }[] | undefined;
  readonly adminPort?: number | undefined;
}

/** What holds of a twin that has a port of its own for its admin API. */
export const adminPortRules = [
  {
    cel: '!has(self.adminPort) || !((has(self.port) && self.port == self.adminPort) || (has(self.ports) && self.ports.exists(p, p.port == self.adminPort)))',
    message:
      "adminPort must differ from the vendor's ports: a shared port would expose the admin API; name its paths in adminPaths instead",
    fieldPath: '.adminPort',
    check: ({ port: single, ports: several = [], adminPort: admin }) =>
      admin === undefined || (single !== admin && !several.some((each) => each.port === admin)),
  },
  {
    cel: "!has(self.adminPort) || !has(self.ports) || !self.ports.exists(p, p.name == 'admin')",
    message: 'the port admin is that of adminPort: choose another name',
    fieldPath: '.ports',
    check: ({ ports: several = [], adminPort: admin }) =>
      admin === undefined || !several.some(({ name }) => name === 'admin'),
  },
] as const satisfies readonly Rule<Ported>[];
