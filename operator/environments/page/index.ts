/** The page `/admin/services` of an environment: is the app really talking to the twin? */
export { escapeHTML, servicesPage } from './html.ts';
export { answer, PageServer, type Answer } from './server.ts';
export { servicesView, type ServicesView } from './view.ts';
