import { z } from 'zod';

import { duration } from './text.ts';

/** How long an environment has to hold. */
export const soak = z
  .object({
    for: duration('How long the environment has to be healthy and wired without a break, from when a promotion asks.'),
  })
  .describe('Of a gate of type Soak: how long the environment has to hold.');
