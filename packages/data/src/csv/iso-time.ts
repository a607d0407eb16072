// Times as text, by ISO 8601. Date.parse is not used: it takes local time, and guesses.

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * Time [ms] of an ISO 8601 text: `2016-01-31`, `2016-01-31T06:00`, `2016-01-31 06:00:00.5Z`, `…+01:00`.
 * A time without a zone is UTC. Hour 24 is midnight at the end of the day. NaN if it is no such time.
 */
export function parseIsoTime(text: string): number {
  const match = ISO.exec(text.trim());
  if (!match) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const midnight = dateToTime(year, month, day);
  const late = hour > 24 || minute > 59 || second > 59 || (hour === 24 && (minute > 0 || second > 0));
  if (late) return Number.NaN;
  const milliseconds = match[7] ? Math.round(Number(`0.${match[7]}`) * 1000) : 0;
  const zone = zoneOffset(match[8]);
  return midnight + ((hour * 60 + minute - zone) * 60 + second) * 1000 + milliseconds;
}

/** Time [ms] of the start of a UTC day; NaN if there is no such day. */
export function dateToTime(year: number, month: number, day: number): number {
  const date = new Date(0);
  // Date.UTC would take the years 0 … 99 for 1900 … 1999.
  date.setUTCFullYear(year, month - 1, day);
  const same =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same ? date.getTime() : Number.NaN;
}

/** Minutes to the east of UTC; NaN if impossible. */
function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 14 || minutes > 59) return Number.NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
