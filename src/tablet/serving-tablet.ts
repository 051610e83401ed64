import type { Tablet } from '../topology/records.ts'
import type { TabletHealth } from './health.ts'
import type { TabletState } from './tablet-state.ts'

/** A tablet as others may know it: who it is and how it is, not how it is reached. */
export interface ServingTablet {
  readonly record: Tablet
  readonly alias: string
  /** Alias and address, for messages. */
  readonly name: string
  /** Database that holds the shard's tables. */
  readonly database: string
  readonly health: TabletHealth
  readonly load: TabletLoad
  readonly state: TabletState
  /** How often it has become another one, from the beginning of the process. */
  readonly stateChanges: number
}

/** The places of a tablet's pool. */
export interface TabletLoad {
  /** In somebody's hands, or being made. */
  readonly busy: number
  readonly idle: number
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** One more request would be served at once. */
  readonly hasRoom: boolean
}
