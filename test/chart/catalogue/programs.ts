import { join } from 'node:path';
import { redisServer, tools } from '../../harness/index.ts';
import { maildevFolder } from '../../images/maildev.ts';
import { postgresFolder, twinPackages } from '../../images/twins.ts';
import type { Program } from './twin.ts';

const node = process.execPath;

/** PostgreSQL starts as anybody but root, who has a name. */
const notRoot = process.getuid?.() === 0 ? ['unshare', '--user', '--map-user=65534', '--map-group=65534'] : [];

/** What stands for the published image of each twin: the same program with the same entry point. */
export const programs = {
  stripe: async () => ({ entrypoint: [await tools.stripeMock()] }),
  gcs: async () => ({ path: join(await tools.fakeGcs(), '..') }),
  s3: async () => ({ entrypoint: [await tools.versitygw()] }),
  nats: async () => ({ entrypoint: [await tools.natsServer()] }),
  smtp: async () => ({ entrypoint: [node, join(await maildevFolder(), 'node_modules/maildev/bin/maildev')] }),
  llm: async () => ({ cwd: join(await twinPackages(), 'node_modules/@copilotkit/aimock') }),
  openapi: async () => ({ cwd: join(await twinPackages(), 'node_modules/@stoplight/prism-cli') }),
  recorded: async () => ({ path: join(await twinPackages(), 'node_modules/.bin') }),
  posthog: async () => ({ path: join(await twinPackages(), 'node_modules/.bin') }),
  postgres: async () => ({
    entrypoint: [...notRoot, 'sh', join(import.meta.dirname, 'postgres.sh')],
    path: join(await postgresFolder(), 'bin'),
  }),
  redis: async () => {
    const { path, libraries } = await redisServer();
    return { path, env: { LD_LIBRARY_PATH: libraries } };
  },
} as const satisfies Readonly<Record<string, () => Promise<Program>>>;
