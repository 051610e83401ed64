import { SqlError, wrongValue } from '../../errors/sql-error.ts'
import type { SetVariable } from '../../sql/ast.ts'
import { ISOLATION } from '../../tablet/settings.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { SessionState } from './session-state.ts'
import { unquoted } from './unquoted.ts'
import { vitessValue } from './vitess-variables.ts'

export interface OwnVariableContext {
  readonly state: SessionState
  readonly transaction: Transaction
}

/**
 * Variables that the proxy itself goes by: what setting one does, undefined for any other. `text` is its value as SQL text, a
 * word or DEFAULT. Throws what MySQL says of a value.
 */
export function ownVariable(
  { state, transaction }: OwnVariableContext,
  item: SetVariable,
  text: string,
): (() => void | Promise<void>) | undefined {
  const name = item.name.toLowerCase()
  switch (name) {
    case 'autocommit': {
      const on = booleanOf(name, text)
      return () => setAutocommit(transaction, on)
    }
    case 'transaction_isolation':
    case 'tx_isolation': {
      if (isDefault(item)) return () => state.setSetting(ISOLATION, undefined)
      const level = isolationLevel(name, text)
      if (!item.at || item.scope !== undefined) return () => state.setSetting(ISOLATION, level)
      // `SET @@transaction_isolation = …`, without a scope, is for the next transaction alone.
      return () => {
        transaction.nextCharacteristics = [`SET TRANSACTION ISOLATION LEVEL ${level}`]
      }
    }
    case 'last_insert_id':
    case 'identity': {
      const id = insertId(item, name, text)
      return () => {
        state.lastInsertId = id
      }
    }
    case 'client_found_rows': {
      const on = text !== 'DEFAULT' && booleanOf(name, text)
      return () => state.setFoundRows(on)
    }
    default:
      return vitessVariable({ state, transaction }, name, text)
  }
}

function vitessVariable(
  { state, transaction }: OwnVariableContext,
  name: string,
  text: string,
): (() => void) | undefined {
  const value = vitessValue(name, text)
  if (value === undefined) return undefined
  return () => {
    state.vitess = new Map([...state.vitess, [name, value]])
    if (name === 'transaction_mode') transaction.isSingle = value === "'SINGLE'"
  }
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

/** A whole number; negative ones are 0, as for MySQL. */
function insertId(item: SetVariable, name: string, text: string): bigint {
  if (isDefault(item))
    throw new SqlError('ER_NO_DEFAULT', `Variable '${item.name}' doesn't have a default value`)
  if (!/^-?\d+$/.test(text) || isOtherNumber(text)) throw wrongType(name)
  const id = BigInt(text)
  return id < 0n ? 0n : id
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
