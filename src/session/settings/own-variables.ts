import type { Condition } from '../../errors/condition.ts'
import { SqlError, wrongValue } from '../../errors/sql-error.ts'
import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { SetVariable } from '../../sql/ast.ts'
import type { SessionGateway } from '../../tablet/session-gateway.ts'
import { ISOLATION } from '../../tablet/settings.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { CompletionType, SessionState } from './session-state.ts'
import { unquoted } from './unquoted.ts'
import { TRANSACTION_MODE, transactionModeOf, vitessValue } from './vitess-variables.ts'

export interface OwnVariableContext {
  readonly client: Pick<ClientConnection, 'idleTimeoutMs' | 'setIdleTimeout'>
  readonly state: SessionState
  readonly gateway: Pick<SessionGateway, 'setReadAfterWrite'>
  readonly transaction: Transaction
}

/**
 * Variables that the proxy itself goes by: what setting one does, undefined for any other. `text` is its value as SQL text, a
 * word or DEFAULT; warnings of it go to `conditions`. Throws what MySQL says of a value.
 */
export function ownVariable(
  { client, state, gateway, transaction }: OwnVariableContext,
  item: SetVariable,
  text: string,
  conditions: Condition[],
): (() => void | Promise<void>) | undefined {
  const name = item.name.toLowerCase()
  switch (name) {
    case 'autocommit': {
      const on = booleanOf(name, text)
      return async () => {
        await setAutocommit(transaction, on)
        state.tracker.variable(name, on ? 'ON' : 'OFF')
      }
    }
    case 'transaction_isolation':
    case 'tx_isolation': {
      const level = isDefault(item) ? undefined : isolationLevel(name, text)
      if (level === undefined || !isForNext(item))
        return () => {
          state.setSetting(ISOLATION, level)
          transaction.next.forget({ isolation: true })
        }
      transaction.checkNext()
      return () => transaction.setNext({ isolation: level })
    }
    case 'transaction_read_only':
    case 'tx_read_only': {
      if (!isForNext(item)) return undefined
      const access = booleanOf(name, text) ? 'READ ONLY' : 'READ WRITE'
      transaction.checkNext()
      return () => transaction.setNext({ access })
    }
    case 'last_insert_id':
    case 'identity': {
      const id = insertId(item, name, text, conditions)
      return () => {
        state.lastInsertId = id
      }
    }
    case 'completion_type': {
      const type = completionType(text)
      return () => {
        state.completionType = type
        state.tracker.variable(name, type)
      }
    }
    case 'wait_timeout': {
      const seconds = secondsOf(item, name, text, conditions)
      return () => {
        client.setIdleTimeout(seconds === undefined ? undefined : seconds * 1_000)
        state.tracker.variable(name, String(client.idleTimeoutMs / 1_000))
      }
    }
    case 'interactive_timeout': {
      const seconds = secondsOf(item, name, text, conditions)
      return () => {
        state.interactiveTimeoutS = seconds
      }
    }
    case 'client_found_rows': {
      const on = text !== 'DEFAULT' && booleanOf(name, text)
      return () => state.setFoundRows(on)
    }
    default:
      return vitessVariable({ state, gateway, transaction }, name, text)
  }
}

function vitessVariable(
  { state, gateway, transaction }: Pick<OwnVariableContext, 'state' | 'gateway' | 'transaction'>,
  name: string,
  text: string,
): (() => void) | undefined {
  const value = vitessValue(name, text)
  if (value === undefined) return undefined
  if (name !== TRANSACTION_MODE)
    return () => {
      state.vitess = new Map([...state.vitess, [name, value]])
      gateway.setReadAfterWrite(state.readAfterWrite)
    }
  const mode = transactionModeOf(value, state.initialMode)
  // What is open was begun in the other one: its client would take it for what it is not.
  if (mode !== transaction.mode) transaction.checkNext()
  return () => {
    transaction.mode = mode
    state.vitess = new Map([...state.vitess, [name, `'${mode.toUpperCase()}'`]])
  }
}

/** `SET @@transaction_isolation = …`, without a scope, is for the next transaction alone. */
function isForNext({ at, scope }: SetVariable): boolean {
  return at === true && scope === undefined
}

const ER_TRUNCATED_WRONG_VALUE = 1292

/** Bounds of wait_timeout and interactive_timeout, in seconds. */
const [TIMEOUT_MIN, TIMEOUT_MAX] = [1n, 31_536_000n]

/** Undefined for DEFAULT. What is out of bounds becomes the bound, with a warning. */
function secondsOf(
  item: SetVariable,
  name: string,
  text: string,
  conditions: Condition[],
): number | undefined {
  if (isDefault(item)) return undefined
  const given = wholeNumber(name, text)
  const seconds = given < TIMEOUT_MIN ? TIMEOUT_MIN : given > TIMEOUT_MAX ? TIMEOUT_MAX : given
  if (seconds !== given) conditions.push(truncated(name, text))
  return Number(seconds)
}

function truncated(name: string, text: string): Condition {
  const message = `Truncated incorrect ${name} value: '${text}'`
  return { level: 'Warning', code: ER_TRUNCATED_WRONG_VALUE, message }
}

const ISOLATION_LEVELS = ['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE']

/** A level by its name, or by its number. */
function isolationLevel(name: string, text: string): string {
  const word = unquoted(text)
  const level = /^\d+$/.test(text)
    ? ISOLATION_LEVELS[Number(text)]
    : ISOLATION_LEVELS.find((each) => each.replaceAll(' ', '-') === word.toUpperCase().replaceAll(' ', '-'))
  if (level === undefined) throw isOtherNumber(text) ? wrongType(name) : wrongValue(name, word)
  return level
}

/** Turning it on commits what is open, as MySQL does. */
async function setAutocommit(transaction: Transaction, on: boolean): Promise<void> {
  if (on && !transaction.autocommit && transaction.isOpen) await transaction.commit()
  transaction.autocommit = on
}

function booleanOf(name: string, text: string): boolean {
  const word = unquoted(text).toUpperCase()
  if (text === '1' || word === 'ON' || word === 'TRUE' || text === 'DEFAULT') return true
  if (text === '0' || word === 'OFF' || word === 'FALSE') return false
  throw isOtherNumber(text) ? wrongType(name) : wrongValue(name, unquoted(text))
}

/** A value that a server has taken: by its name, or by its number. */
function completionType(text: string): CompletionType {
  const word = unquoted(text).toUpperCase()
  if (word === '1' || word === 'CHAIN') return 'CHAIN'
  return word === '2' || word === 'RELEASE' ? 'RELEASE' : 'NO_CHAIN'
}

/** Throws what MySQL says of a variable of whole numbers that has no default. */
export function checkWholeNumber(item: SetVariable, name: string, text: string): bigint {
  if (isDefault(item))
    throw new SqlError('ER_NO_DEFAULT', `Variable '${item.name}' doesn't have a default value`)
  return wholeNumber(name, text)
}

/** A whole number; negative ones are 0, as for MySQL. */
function insertId(item: SetVariable, name: string, text: string, conditions: Condition[]): bigint {
  const id = checkWholeNumber(item, name, text)
  if (id >= 0n) return id
  conditions.push(truncated(name, text))
  return 0n
}

/** Throws for texts, NULL and numbers that are no integers of 64 bits. */
function wholeNumber(name: string, text: string): bigint {
  if (!/^-?\d+$/.test(text) || isOtherNumber(text)) throw wrongType(name)
  return BigInt(text)
}

function isDefault({ value }: SetVariable): boolean {
  return value.kind === 'Default'
}

/** A number that is no integer of 64 bits: fractions, and whole numbers beyond, which MySQL reads as decimals. */
export function isOtherNumber(text: string): boolean {
  if (/^-?\d+$/.test(text)) return BigInt(text) > 0xffff_ffff_ffff_ffffn
  return /^-?(\d|\.\d)/.test(text)
}

export function wrongType(name: string): SqlError {
  return new SqlError('ER_WRONG_TYPE_FOR_VAR', `Incorrect argument type to variable '${name}'`)
}
