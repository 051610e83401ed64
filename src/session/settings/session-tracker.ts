import { encodeStateChange, StateChange } from '../../mysql/codec/responses.ts'
import { unquoted } from './unquoted.ts'

/** As MySQL's session_track_system_variables begins. */
const TRACKED_AT_FIRST: ReadonlySet<string> = new Set([
  'time_zone',
  'autocommit',
  'character_set_client',
  'character_set_results',
  'character_set_connection',
])

/** What else MySQL tracks only when asked to, and the values with which it does not. */
export const UNTRACKED: ReadonlyMap<string, readonly string[]> = new Map([
  ['session_track_gtids', ['OFF', '0', 'DEFAULT']],
  ['session_track_state_change', ['OFF', '0', 'FALSE', 'DEFAULT']],
  ['session_track_transaction_info', ['OFF', '0', 'DEFAULT']],
])

/**
 * What has changed of the session and its client has not been told: the next OK packet tells it, if the client negotiated
 * CLIENT_SESSION_TRACK. Source: MySQL manual, "Server Tracking of Client Session State".
 */
export class SessionTracker {
  readonly #isNegotiated: boolean
  #tracksSchema = true
  /** Lower-case names. */
  #variables: ReadonlySet<string> | '*' = TRACKED_AT_FIRST
  #changes: Buffer[] = []

  constructor(isNegotiated: boolean) {
    this.#isNegotiated = isNegotiated
  }

  tracks(variable: string): boolean {
    return this.#isNegotiated && (this.#variables === '*' || this.#variables.has(variable))
  }

  /** `value`: as SHOW VARIABLES has it. */
  variable(name: string, value: string): void {
    if (this.tracks(name)) this.#changes.push(encodeStateChange(StateChange.SYSTEM_VARIABLES, [name, value]))
  }

  /** The default database is another, or the same one anew. */
  schema(name: string): void {
    if (this.#isNegotiated && this.#tracksSchema)
      this.#changes.push(encodeStateChange(StateChange.SCHEMA, [name]))
  }

  /** One of the variables that say what is tracked has this value now, as SQL text; undefined: its default. */
  configure(name: string, text: string | undefined): void {
    if (name === 'session_track_schema') this.#tracksSchema = text === undefined || text === '1'
    if (name !== 'session_track_system_variables') return
    const names = unquoted(text ?? '')
      .split(',')
      .map((each) => each.trim().toLowerCase())
    this.#variables = text === undefined ? TRACKED_AT_FIRST : names.includes('*') ? '*' : new Set(names)
  }

  /** Forgets what has not been told. */
  drop(): void {
    this.#changes = []
  }

  /** For an OK packet; undefined when there is nothing to tell. */
  take(): Buffer | undefined {
    if (this.#changes.length === 0) return undefined
    const bytes = Buffer.concat(this.#changes)
    this.#changes = []
    return bytes
  }
}
