export interface Statistics {
  readonly uptimeSeconds: number
  readonly threads: number
  /** Commands of clients that ran a statement. */
  readonly questions: number
}

/**
 * The text of COM_STATISTICS, with every field that MySQL has: monitors take it apart. What the proxy has none of (slow
 * queries, tables) is 0.
 */
export function statisticsText({ uptimeSeconds, threads, questions }: Statistics): string {
  const perSecond = uptimeSeconds === 0 ? 0 : questions / uptimeSeconds
  return [
    `Uptime: ${uptimeSeconds}`,
    `Threads: ${threads}`,
    `Questions: ${questions}`,
    'Slow queries: 0',
    'Opens: 0',
    'Flush tables: 0',
    'Open tables: 0',
    `Queries per second avg: ${perSecond.toFixed(3)}`,
  ].join('  ')
}
