import { notSupported, SqlError } from '../errors/sql-error.ts'
import { textCells } from '../mysql/client/simple-command.ts'
import { decodeColumnDef } from '../mysql/codec/column-def.ts'
import type { Expr, SetItem, SetStatement, SetVariable, WordValue } from '../sql/ast.ts'
import { print, quoteIdentifier } from '../sql/print.ts'
import { visit } from '../sql/visit.ts'
import { ISOLATION, NAMES } from '../tablet/settings.ts'
import { BINARY_COLLATION_ID, type Charset, charsetByName, collationById } from '../values/charsets.ts'
import { fieldTypes } from '../values/types.ts'
import { checkClientCharset, namesOf, namesOfSet } from './character-set.ts'
import type { Session } from './session.ts'
import { binaryLiteral, doubleLiteral, textLiteral } from './sql-literal.ts'

/**
 * SET. What the proxy itself goes by (autocommit, character set, isolation level) it reads from the statement. The
 * rest a backend judges: the statement runs on one connection, the values are read back as MySQL made them, and
 * from then on every connection that serves the session is given them (src/tablet/settings.ts).
 */
export async function runSet(session: Session, statement: SetStatement): Promise<void> {
  const others: SetItem[] = []
  for (const item of statement.items) {
    if (!(await setOwn(session, item))) others.push(item)
  }
  if (others.length > 0) await setByBackend(session, others)
  session.ok({})
}

/** True when the item was the proxy's own business. */
async function setOwn(session: Session, item: SetItem): Promise<boolean> {
  const { state, proxy } = session
  switch (item.kind) {
    case 'SetNames':
      state.setSetting(
        NAMES,
        item.charset === undefined
          ? namesOf(session.client.identity.collationId, proxy.isMariadb)
          : namesOfSet(item.charset, item.collation, proxy.isMariadb),
      )
      return true
    case 'SetCharset': {
      // SET CHARACTER SET leaves collation_connection at the database's: left to the backend, once it is permitted.
      const charset = item.charset === undefined ? undefined : charsetByName(item.charset)
      if (item.charset !== undefined && charset === undefined) {
        throw new SqlError('ER_UNKNOWN_CHARACTER_SET', `Unknown character set: '${item.charset}'`)
      }
      if (charset !== undefined) checkClientCharset(charset)
      state.setSetting(
        NAMES,
        charset === undefined
          ? namesOf(session.client.identity.collationId, proxy.isMariadb)
          : namesOfSet(charset.name, undefined, proxy.isMariadb),
      )
      return true
    }
    case 'SetVariable':
      return setVariable(session, item)
    case 'SetUserVariable':
      return false
  }
}

async function setVariable(session: Session, item: SetVariable): Promise<boolean> {
  const { state, proxy } = session
  const name = item.name.toLowerCase()
  if (item.scope !== undefined && item.scope !== 'SESSION' && item.scope !== 'LOCAL') {
    throw notSupported(`SET ${item.scope} ${name}: change it on the servers themselves`)
  }
  const word = wordOf(item.value)
  switch (name) {
    case 'autocommit':
      await setAutocommit(session, booleanOf(name, word ?? (await valueText(session, item.value))))
      return true
    case 'transaction_isolation':
    case 'tx_isolation': {
      const level = (word ?? unquoted(await valueText(session, item.value)))
        .toUpperCase()
        .replaceAll('-', ' ')
      if (level === 'DEFAULT') state.setSetting(ISOLATION, undefined)
      else if (!ISOLATION_LEVELS.has(level)) throw wrongValue(name, level.replaceAll(' ', '-'))
      else if (item.at && item.scope === undefined)
        state.nextTransaction = [`SET TRANSACTION ISOLATION LEVEL ${level}`]
      else state.setSetting(ISOLATION, level)
      return true
    }
    case 'character_set_client': {
      if (item.value.kind === 'Default') return false
      const charset = charsetOf(word ?? (await computedText(session, item)), proxy.isMariadb)
      checkClientCharset(charset)
      state.setSetting(name, `'${charset.name}'`)
      return true
    }
    case 'last_insert_id':
    case 'identity':
      state.lastInsertId = BigInt(await valueText(session, item.value))
      return true
    default:
      return false
  }
}

const ISOLATION_LEVELS: ReadonlySet<string> = new Set([
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
])

/** Turning it on commits what is open, as MySQL does. */
async function setAutocommit(session: Session, on: boolean): Promise<void> {
  const { state } = session
  if (on && !state.autocommit && state.inTransaction) await session.transaction.commit()
  state.autocommit = on
}

/** Variables whose change is seen in the session, too: name to what happens. */
async function setByBackend(session: Session, items: readonly SetItem[]): Promise<void> {
  const { state } = session
  const names = items.map((item) => {
    if (item.kind === 'SetVariable') return `@@session.${item.name}`
    if (item.kind === 'SetUserVariable') return `@${quoteIdentifier(item.target.name)}`
    throw new Error('unreachable')
  })
  const needed = userVariablesIn(items)
  const answer = await session.shards.askInOrder([
    ...(needed.length > 0 ? [session.shards.userVariablesText(needed)] : []),
    print({ kind: 'Set', items, span: { start: 0, end: 0 } }),
    `SELECT ${names.join(', ')}`,
  ])
  const values = valuesOf(answer.columns, answer.rows[0]!)
  for (const [i, item] of items.entries()) {
    const text = values[i]!
    if (item.kind === 'SetUserVariable') {
      const name = item.target.name.toLowerCase()
      if (text === 'NULL') state.userVariables.delete(name)
      else state.userVariables.set(name, text)
      continue
    }
    const name = (item as SetVariable).name.toLowerCase()
    const isDefault = (item as SetVariable).value.kind === 'Default'
    state.setSetting(name, isDefault ? undefined : text)
    if (name === 'sql_mode') state.setSqlMode(unquoted(text))
  }
}

/** Cells of a row as SQL text that gives the same value again. */
export function valuesOf(columns: readonly Buffer[], row: Buffer): readonly string[] {
  const cells = textCells(row, columns.length)
  return columns.map((definition, i) => {
    const cell = cells[i]
    if (cell === null || cell === undefined) return 'NULL'
    const { type, collationId } = decodeColumnDef(definition)
    if (NUMBERS.has(type)) return cell
    if (type === fieldTypes.float || type === fieldTypes.double) return doubleLiteral(cell)
    const bytes = Buffer.from(cell, 'latin1')
    if (collationId === BINARY_COLLATION_ID && type !== fieldTypes.dateTime) return binaryLiteral(bytes)
    return textLiteral(bytes, collationById(collationId)?.charset.name ?? 'utf8mb4')
  })
}

const NUMBERS: ReadonlySet<number> = new Set([
  fieldTypes.tiny,
  fieldTypes.short,
  fieldTypes.long,
  fieldTypes.int24,
  fieldTypes.longLong,
  fieldTypes.decimal,
  fieldTypes.newDecimal,
  fieldTypes.year,
])

function userVariablesIn(items: readonly SetItem[]): readonly string[] {
  const found = new Set<string>()
  for (const item of items) {
    if (item.kind !== 'SetVariable' && item.kind !== 'SetUserVariable') continue
    visit(item.value, (node) => {
      if (node.kind === 'UserVariable') found.add(node.name.toLowerCase())
      return undefined
    })
  }
  return [...found]
}

/** The word or simple literal that the item is set to; undefined for anything that must be computed. */
function wordOf(value: Expr | WordValue): string | undefined {
  if (value.kind === 'WordValue') return value.word
  if (value.kind === 'Default') return 'DEFAULT'
  if (value.kind === 'Literal') {
    if (value.type === 'True') return '1'
    if (value.type === 'False') return '0'
    return unquoted(value.text)
  }
  if (value.kind === 'Column' && value.qualifiers.length === 0) return value.name
  return undefined
}

/** A client's character set by its name, or by the id of a collation of it. Throws ER_UNKNOWN_CHARACTER_SET. */
function charsetOf(text: string, isMariadb: boolean): Charset {
  if (text.toUpperCase() === 'NULL') throw wrongValue('character_set_client', 'NULL')
  const byId = /^\d+$/.test(text) ? collationById(Number(text), isMariadb ? 'mariadb' : 'mysql') : undefined
  const charset = byId?.charset ?? charsetByName(text)
  if (charset === undefined) {
    throw new SqlError('ER_UNKNOWN_CHARACTER_SET', `Unknown character set: '${text}'`)
  }
  return charset
}

/** The text of a value that a backend must compute, for all that is in it. */
async function computedText(session: Session, item: SetVariable): Promise<string> {
  const needed = userVariablesIn([item])
  const answer = await session.shards.askInOrder([
    ...(needed.length > 0 ? [session.shards.userVariablesText(needed)] : []),
    `SELECT CONVERT(${item.value.kind === 'WordValue' ? item.value.word : print(item.value)} USING utf8mb4)`,
  ])
  return textCells(answer.rows[0]!, 1)[0] ?? 'NULL'
}

/** The value of an expression, computed by a backend. */
async function valueText(session: Session, value: Expr | WordValue): Promise<string> {
  const answer = await session.shards.ask(`SELECT ${value.kind === 'WordValue' ? value.word : print(value)}`)
  return valuesOf(answer.columns, answer.rows[0]!)[0]!
}

function booleanOf(name: string, text: string): boolean {
  const word = unquoted(text).toUpperCase()
  if (word === '1' || word === 'ON' || word === 'TRUE' || word === 'DEFAULT') return true
  if (word === '0' || word === 'OFF' || word === 'FALSE') return false
  throw wrongValue(name, unquoted(text))
}

function wrongValue(name: string, value: string): SqlError {
  return new SqlError('ER_WRONG_VALUE_FOR_VAR', `Variable '${name}' can't be set to the value of '${value}'`)
}

function unquoted(text: string): string {
  const quote = text[0]
  return (quote === "'" || quote === '"') && text.at(-1) === quote ? text.slice(1, -1) : text
}
