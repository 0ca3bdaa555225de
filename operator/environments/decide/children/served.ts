/** Something small that the boundary answers itself, on the hosts of a workload. */
export interface ServedFile {
  readonly workload: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Answers with a file, which nobody keeps.
 *
 * @param text takes the meaning of placeholders away
 */
export function served(
  { contentType, body }: ServedFile,
  text: (value: string) => string,
): Readonly<Record<string, unknown>> {
  const headers = {
    'Content-Type': [contentType],
    'Cache-Control': ['no-store'],
    'X-Content-Type-Options': ['nosniff'],
  };
  return { handler: 'static_response', status_code: 200, headers, body: text(body) };
}
