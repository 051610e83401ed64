import type { Tablet } from '../topology/records.ts'
import type { TabletHealth } from './health.ts'
import { isCutOff } from './replication-facts.ts'

/** `lagging` and `draining` are about replicas: whoever writes is neither. */
export const TABLET_STATES = ['unknown', 'serving', 'lagging', 'not serving', 'draining'] as const
export type TabletState = (typeof TABLET_STATES)[number]

/** What a tablet is at this moment, as people are told. */
export function tabletState(
  { health, record }: { readonly health: TabletHealth; readonly record: Tablet },
  isPrimary: boolean,
  lagMaxSeconds: number,
): TabletState {
  if (health.state === 'unknown') return 'unknown'
  if (health.state === 'unreachable') return 'not serving'
  if (isPrimary) return 'serving'
  if (record.draining === true) return 'draining'
  if (isCutOff(health)) return 'not serving'
  return (health.lagSeconds ?? 0) > lagMaxSeconds ? 'lagging' : 'serving'
}
