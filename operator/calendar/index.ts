/** What clocks of a time zone show, and when. Pure; every rule about zones and changes of clocks stands here. */
export { daily, type Daily, type Times, type Weekday } from './daily.ts';
export { localTime } from './local-time.ts';
