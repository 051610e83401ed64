import type { TabletHealth } from './health.ts'

/** Processes that look at the same servers tell each other what they find. */
export interface HealthExchange {
  /** `key`: the same in all processes for the same tablet at the same place. */
  tell(key: string, health: TabletHealth): void
  /** Called for what others tell. */
  onHeard: ((key: string, health: TabletHealth) => void) | undefined
}

/** Findings as messages between processes carry them: JSON has no Infinity. */
export interface ToldHealth extends Omit<TabletHealth, 'lagSeconds'> {
  readonly lagSeconds?: number | typeof BROKEN | undefined
}

const BROKEN = 'Infinity'

export function toldHealth({ lagSeconds, ...rest }: TabletHealth): ToldHealth {
  return { ...rest, lagSeconds: lagSeconds === Number.POSITIVE_INFINITY ? BROKEN : lagSeconds }
}

/** What JSON leaves out is undefined. */
export function heardHealth({
  lagSeconds,
  sqlMode,
  packetBytesMax,
  replication,
  group,
  ...rest
}: ToldHealth): TabletHealth {
  return {
    ...rest,
    sqlMode,
    packetBytesMax,
    replication,
    group,
    lagSeconds: lagSeconds === BROKEN ? Number.POSITIVE_INFINITY : lagSeconds,
  }
}
