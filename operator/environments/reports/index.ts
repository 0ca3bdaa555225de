/** The apps' own reports of the services that they talk to. */
export { fetchReport, type FetchReport, type ReportTarget } from './fetch.ts';
export { REPORT_INTERVAL_MS, Reports } from './reports.ts';
