import type { ServicesView, ServiceView } from './view.ts';

/** Style of the page; its digest is in the Content-Security-Policy, so nothing else is applied. */
export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 2rem; }
th, td { border-bottom: 1px solid #8886; padding: 0.4rem 0.6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
.yes { color: #1a7f37; } .no { color: #cf222e; font-weight: 600; } .open { color: #9a6700; }
.note { margin: 0.2rem 0; }
`;

/** The page as HTML. Everything that comes from the cluster is escaped. */
export function servicesPage(view: ServicesView): string {
  const { namespace, name } = view.environment;
  const title = `${namespace}/${name}: services`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${escapeHTML(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Services of ${escapeHTML(name)}</h1>
<p>${verdict(view)} ${escapeHTML(view.message ?? '')}</p>
${view.services.length === 0 ? '<p>This environment has no services.</p>' : view.services.map(serviceSection).join('\n')}
</body>
</html>
`;
}

const words = {
  True: '<strong class="yes">Verified.</strong>',
  False: '<strong class="no">Not wired as it should be.</strong>',
  Unknown: '<strong class="open">Not verified.</strong>',
} as const;

function verdict({ wired }: ServicesView): string {
  return words[wired];
}

function serviceSection(service: ServiceView): string {
  const { name, mode, url, reported, ready, verified, reason, variables } = service;
  const mark = verified ? '<span class="yes">verified</span>' : '<span class="no">not verified</span>';
  const state = mode === 'Twin' ? (ready ? ', answers' : ', <span class="open">does not answer yet</span>') : '';
  const said = reported === undefined ? 'nothing' : [reported.mode, reported.url].filter(Boolean).join(' ');
  const rows = variables.map(
    ({ workload, container, env, rendered, running }) =>
      `<tr><td>${escapeHTML(workload)}/${escapeHTML(container)}</td>${code(env)}${code(rendered)}${code(running)}</tr>`,
  );
  const table =
    rows.length === 0
      ? '<p class="note">No variable is set for it.</p>'
      : `<table>
<thead><tr><th>Container</th><th>Variable</th><th>Rendered</th><th>Running</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
</table>`;
  return `<h2>${escapeHTML(name)}: ${escapeHTML(mode)}, ${mark}${state}</h2>
${reason === undefined ? '' : `<p class="note">${escapeHTML(reason)}</p>`}
<p class="note">${url === undefined ? '' : `URL <code>${escapeHTML(url)}</code>. `}The app reports: <code>${escapeHTML(said)}</code></p>
${table}`;
}

function code(text: string | undefined): string {
  return text === undefined ? '<td>unset</td>' : `<td><code>${escapeHTML(text)}</code></td>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for element content and quoted attributes. */
export function escapeHTML(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
