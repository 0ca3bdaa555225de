import { z } from 'zod';

import { keyedList, listOf } from './lists.ts';
import { dnsLabel, envName, image, text } from './text.ts';
import { quantity } from './values.ts';

const amounts = (
  description: string,
): z.ZodOptional<
  z.ZodObject<{
    cpu: z.ZodOptional<ReturnType<typeof quantity>>;
    memory: z.ZodOptional<ReturnType<typeof quantity>>;
    'ephemeral-storage': z.ZodOptional<ReturnType<typeof quantity>>;
  }>
> =>
  z
    .object({
      cpu: quantity('Processor time, e.g. 250m.').optional(),
      memory: quantity('Memory, e.g. 256Mi.').optional(),
      'ephemeral-storage': quantity('Disk of the node, e.g. 1Gi.').optional(),
    })
    .describe(description)
    .optional();

/** `resources` of a container, reduced to what every cluster has. */
export const resources = z
  .object({
    requests: amounts('What is set aside for the container.'),
    limits: amounts('What the container cannot exceed.'),
  })
  .describe('Compute resources of the container. Left out, the TwinClass decides by its limitRange.');

/** Literal environment variables of a container. Secrets have no place here: an environment has none of production. */
export const env = keyedList(
  'Environment variables of the container.',
  ['name'],
  z.object({
    name: envName('Name of the variable.'),
    value: text('Value of the variable, as it stands: no expansion of $(NAME).', 8192, 0),
  }),
  { max: 64 },
);

export const args = listOf("Arguments of the image's entry point.", text('One argument.', 4096, 0), { max: 64 });

/** Replaces the image of a container by name. */
export const containerImages = (
  description: string,
  max: number,
): z.ZodArray<z.ZodObject<{ container: z.ZodString; image: z.ZodString }>> =>
  keyedList(
    description,
    ['container'],
    z.object({
      container: dnsLabel(
        'Name of the container. The container of a workload given by `image` has the name of the workload.',
      ),
      image: image('Image by digest.'),
    }),
    { max },
  );
