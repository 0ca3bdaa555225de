import { createHash } from 'node:crypto';
import type { TwinEnvironment } from '../../api/index.ts';
import { parseTime } from '../../canonical/index.ts';
import { TOKEN_NAME } from '../naming/index.ts';

/** What can be the token of a share link: it goes into a cookie, and nobody guesses it. */
const TOKEN = /^[A-Za-z0-9_-]{32,128}$/;

/** Whether that token opens the environment at that time. An environment that asks for none is open. */
export function opens({ spec: { boundary } }: Pick<TwinEnvironment, 'spec'>, token: string, now: number): boolean {
  if (boundary.auth === 'None') return true;
  if (!TOKEN.test(token)) return false;
  const digest = `sha256:${createHash('sha256').update(token).digest('hex')}`;
  return (boundary.shareLinks ?? []).some(
    ({ tokenDigest, notAfter }) => tokenDigest === digest && (notAfter === undefined || now < parseTime(notAfter)),
  );
}

/** The cookie that keeps an environment open for a browser, until the link ends or the browser does. */
export function accessCookie(token: string, scheme: string): string {
  return `${TOKEN_NAME}=${token}; Path=/; HttpOnly; SameSite=Lax${scheme === 'https' ? '; Secure' : ''}`;
}

/** Where an opened link leads: the same place without the token, on the same host whatever the path looks like. */
export function withoutToken(target: string): string {
  const mark = `${target}?`.indexOf('?');
  // What is kept stays as it was written: an app may tell `?flag` from `?flag=`, or sign its query.
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((part) => part !== '' && !new URLSearchParams(part).has(TOKEN_NAME));
  const rest = kept.length === 0 ? '' : `?${kept.join('&')}`;
  return `/${target.slice(0, mark).replace(/^[/\\]+/, '')}${rest}`;
}
