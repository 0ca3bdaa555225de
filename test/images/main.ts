/** `make image`: builds the operator's image from this tree and pushes it where a cluster of one's own can pull it. */
import { pushImage } from '../harness/image/index.ts';
import { commandLine, parseToEnd } from '../stage/command-line.ts';
import { operatorImage } from './node-images.ts';
import { placeOf } from './place.ts';

const program = commandLine(
  'node test/images/main.ts',
  "Build the operator's image from this tree (no container engine is needed) and push it.",
  'make image REGISTRY=registry.example/platform',
)
  .argument('<registry>', 'host, port and path of a registry, e.g. registry.example/platform')
  .addHelpText(
    'after',
    `  registry.example/platform/twinlock@sha256:...

Prints the image by digest, as the chart's value \`image\` wants it. Credentials are those of ~/.docker/config.json.`,
  )
  .action(async (registry: string) => {
    const place = placeOf(registry, 'REGISTRY');
    console.log(
      await operatorImage({ pushImage: (name, files, options) => pushImage(`${place}/${name}`, files, options) }),
    );
  });

await parseToEnd(program);
