/** `2006-01-02`, the day in UTC of `ms` since 1970. */
export function formatDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The midnight in UTC (ms since 1970) with which such a day begins; undefined where the text is no day. */
export function parseDay(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || formatDay(ms) !== text ? undefined : ms;
}
