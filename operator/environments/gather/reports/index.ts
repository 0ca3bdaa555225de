/** The apps' own reports of the services that they talk to. */
export { readReport, REPORT_INTERVAL_MS, reportFetcher, type FetchReport } from './fetch.ts';
