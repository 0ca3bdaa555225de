/** The apps' own reports of the services that they talk to. */
export { readReport, reportFetcher, type FetchReport } from './fetch.ts';
export { Reports } from './reports.ts';
