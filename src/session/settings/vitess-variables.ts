import { notSupported, SqlError, wrongValue } from '../../errors/sql-error.ts'
import { READ_AFTER_WRITE, type ReadAfterWriteOptions } from '../../tablet/session-gateway.ts'
import type { TransactionMode } from '../../transaction/transaction.ts'
import { PLANNER_WORDS } from './planner.ts'
import { unquoted } from './unquoted.ts'

/** Variables of vtgate's, which no server knows, as their session has them: SQL text by lower-case name. */
export type VitessVariables = ReadonlyMap<string, string>

/** SQL text of a value that the variable may have, from the SQL text or word that it is set to. Throws 1231 and 1235 for others. */
type Check = (name: string, text: string) => string

interface Definition {
  /** As SQL text. */
  readonly initial: string
  readonly check: Check
}

export const TRANSACTION_MODE = 'transaction_mode'
const READS = 'read_after_write'

/** Source: vtgate's `sysvars.VitessAware`; what they mean is with their readers. */
const definitions: ReadonlyMap<string, Definition> = new Map([
  // OLAP and DBA: no time-out for queries.
  ['workload', { initial: "'OLTP'", check: oneOf('UNSPECIFIED', 'OLTP', 'OLAP', 'DBA') }],
  ['planner_version', { initial: "'AUTO'", check: oneOf(...PLANNER_WORDS) }],
  [TRANSACTION_MODE, { initial: "'UNSPECIFIED'", check: oneOf('UNSPECIFIED', 'SINGLE', 'MULTI', 'TWOPC') }],
  // Milliseconds; 0: the configuration's.
  ['query_timeout', { initial: '0', check: wholeNumber }],
  // The same, for a whole transaction.
  ['transaction_timeout', { initial: '0', check: wholeNumber }],
  ['ddl_strategy', { initial: "'direct'", check: ddlStrategy }],
  ['migration_context', { initial: "''", check: string }],
  ['enable_system_settings', { initial: '1', check: systemSettings }],
  // No plan depends on a value that could be out of date: nothing to do.
  ['skip_query_plan_cache', { initial: '0', check: boolean }],
  // Not one of vtgate's: the configuration's replica.read_after_write.
  [
    READS,
    {
      initial: "'UNSPECIFIED'",
      check: oneOf('UNSPECIFIED', ...READ_AFTER_WRITE.map((mode) => mode.toUpperCase())),
    },
  ],
  // Seconds; 0: the configuration's.
  ['read_after_write_timeout', { initial: '0', check: number }],
  // Of which shard it is a position nobody says: kept, as vtgate does, and not gone by.
  ['read_after_write_gtid', { initial: "''", check: string }],
])

const SESSION_UUID = 'session_uuid'

/** As a session begins; the mode is the configuration's. */
export function initialVariables(mode: TransactionMode): VitessVariables {
  const initial = [...definitions].map(([name, definition]) => [name, definition.initial] as const)
  return new Map([...initial, [TRANSACTION_MODE, `'${mode.toUpperCase()}'`]])
}

/** What the variables say of reads from replicas, where they do, and the configuration. */
export function readAfterWriteOf(
  variables: VitessVariables,
  initial: ReadAfterWriteOptions,
): ReadAfterWriteOptions {
  const word = unquoted(variables.get(READS)!).toLowerCase()
  const seconds = Number(variables.get('read_after_write_timeout'))
  return {
    mode: READ_AFTER_WRITE.find((mode) => mode === word) ?? initial.mode,
    timeoutMs: seconds > 0 ? seconds * 1_000 : initial.timeoutMs,
  }
}

/** 'UNSPECIFIED' stands for the mode that the session began with. */
export function transactionModeOf(text: string, initial: TransactionMode): TransactionMode {
  const mode = unquoted(text).toLowerCase()
  return mode === 'single' || mode === 'multi' || mode === 'twopc' ? mode : initial
}

/** The value that the variable has then, as SQL text; undefined for a variable that is not vtgate's. */
export function vitessValue(name: string, text: string): string | undefined {
  if (name === SESSION_UUID)
    throw new SqlError('ER_INCORRECT_GLOBAL_LOCAL_VAR', `Variable '${name}' is a read only variable`)
  // Kept in the topology, where vtgate may write.
  if (name.startsWith('vitess_metadata.')) throw notSupported(`SET @@${name}: the topology holds no metadata`)
  const definition = definitions.get(name)
  if (definition === undefined) return undefined
  return text === 'DEFAULT' ? definition.initial : definition.check(name, text)
}

/** Milliseconds that a statement of the session may take; 0: any time; undefined: as the configuration says. */
export function ownTimeoutMs(variables: VitessVariables): number | undefined {
  const own = Number(variables.get('query_timeout'))
  if (own > 0) return own
  const workload = variables.get('workload')
  return workload === "'OLAP'" || workload === "'DBA'" ? 0 : undefined
}

function oneOf(...words: readonly string[]): Check {
  return (name, text) => {
    const word = unquoted(text).toUpperCase()
    if (!words.includes(word)) throw wrongValue(name, unquoted(text))
    return `'${word}'`
  }
}

function ddlStrategy(_name: string, text: string): string {
  const strategy = unquoted(text)
  if (strategy !== '' && strategy.toLowerCase() !== 'direct')
    throw notSupported(`ddl_strategy = '${strategy}': use 'direct'`)
  return `'${strategy}'`
}

function systemSettings(name: string, text: string): string {
  const value = boolean(name, text)
  if (value === '0') throw notSupported(`${name} = 0: SET takes effect`)
  return value
}

function boolean(name: string, text: string): string {
  const word = unquoted(text).toUpperCase()
  if (word === '1' || word === 'ON' || word === 'TRUE') return '1'
  if (word === '0' || word === 'OFF' || word === 'FALSE') return '0'
  throw wrongValue(name, unquoted(text))
}

function wholeNumber(name: string, text: string): string {
  if (!/^\d{1,9}$/.test(text)) throw wrongValue(name, unquoted(text))
  return String(Number(text))
}

function number(name: string, text: string): string {
  if (!/^\d+(\.\d+)?(e\d+)?$/.test(text)) throw wrongValue(name, unquoted(text))
  return text
}

/** A string as its SQL text has it. */
function string(name: string, text: string): string {
  if (text.toUpperCase() === 'NULL' || /^[\d.-]/.test(text)) throw wrongValue(name, text)
  return /^['_]/.test(text) ? text : `'${unquoted(text)}'`
}
