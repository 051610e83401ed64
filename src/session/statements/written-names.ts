import type { Condition } from '../../errors/condition.ts'
import { ServerError } from '../../errors/server-error.ts'
import { noDatabaseSelected, SqlError } from '../../errors/sql-error.ts'
import type { Statement } from '../../sql/ast.ts'
import { isMariaDb } from '../../sql/keywords.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { type AnyNode, visit } from '../../sql/visit.ts'
import type { Reading } from './reading.ts'

/** A statement of the client's, and how it was read. */
export interface WrittenStatement {
  readonly sql: string
  readonly reading: Reading
}

/** What a server says against a statement. */
export interface ToldError {
  readonly errno: number
  readonly sqlState: string
  readonly message: string
}

const ER_BAD_TABLE_ERROR = 1051
const ER_BAD_FIELD_ERROR = 1054
const ER_NO_SUCH_TABLE = 1146
const ER_WRONG_OBJECT = 1347
const ER_ROW_IS_REFERENCED = 1451
const ER_NO_REFERENCED_ROW = 1452
const ER_SP_DOES_NOT_EXIST = 1305
const ER_PROCACCESS_DENIED_ERROR = 1370

const TOLD_BY_NAMES: ReadonlySet<number> = new Set([
  ER_BAD_TABLE_ERROR,
  ER_BAD_FIELD_ERROR,
  ER_NO_SUCH_TABLE,
  ER_WRONG_OBJECT,
  ER_ROW_IS_REFERENCED,
  ER_NO_REFERENCED_ROW,
  ER_SP_DOES_NOT_EXIST,
  ER_PROCACCESS_DENIED_ERROR,
])

/**
 * The error as one server would tell it. Shards are at their own keyspace, where functions without a database are looked for, get
 * columns without the keyspace in front of them, and have no database of a keyspace's name: what the proxy's account may not
 * execute there does not exist. Tables may be in another keyspace than that in which the client sees them.
 */
export function withWrittenNames<Told extends ToldError>(
  told: Told,
  { sql, reading }: WrittenStatement,
): Told | ToldError {
  if (!TOLD_BY_NAMES.has(told.errno)) return told
  const own = ownError(told, reading.parse(sql), reading)
  return own === undefined || own.message === told.message ? told : own
}

/** What has been thrown, as `withWrittenNames` tells it. */
export function thrownWithWrittenNames(
  error: unknown,
  written: WrittenStatement,
  proxy: { inKeyspaceNames(told: ToldError): string },
): unknown {
  if (!(error instanceof ServerError)) return error
  const { errno, sqlState } = error
  const named = { errno, sqlState, message: proxy.inKeyspaceNames(error) }
  const told = withWrittenNames(named, written)
  return told === named ? error : new ServerError(told)
}

/** What a statement has warned of, as `withWrittenNames` tells it. */
export function conditionsWithWrittenNames(
  conditions: readonly Condition[],
  written: WrittenStatement,
  proxy: { inKeyspaceNames(told: Pick<ToldError, 'errno' | 'message'>): string },
): readonly Condition[] {
  return conditions.map((condition) => {
    const { code: errno } = condition
    if (!TOLD_BY_NAMES.has(errno)) return condition
    const told = {
      errno,
      sqlState: '',
      message: proxy.inKeyspaceNames({ errno, message: condition.message }),
    }
    return { ...condition, message: withWrittenNames(told, written).message }
  })
}

/** Undefined where it is told as the client has written it. */
function ownError(told: ToldError, statement: Statement, reading: Reading): ToldError | undefined {
  const { message } = told
  switch (told.errno) {
    case ER_BAD_FIELD_ERROR: {
      const full = (names: string) => fullName(statement, names) ?? names
      return { ...told, message: message.replace(/(?<=')[^'.]+\.[^'.]+(?=')/, full) }
    }
    case ER_BAD_TABLE_ERROR:
    case ER_NO_SUCH_TABLE:
    case ER_WRONG_OBJECT:
    case ER_ROW_IS_REFERENCED:
    case ER_NO_REFERENCED_ROW:
      return { ...told, message: withSeenTables(message, statement, reading) }
    case ER_SP_DOES_NOT_EXIST: {
      const name = /^FUNCTION .*\.([^.]+) does not exist$/.exec(message)?.[1]
      const written = name === undefined ? [] : functionsCalled(statement, name)
      const isUnqualified = written.length > 0 && written.every((qualifier) => qualifier === undefined)
      return isUnqualified ? notFoundBy(reading, name!) : undefined
    }
    default: {
      const [, schema = '', name = ''] = /'([^'.]+)\.([^'.]+)'$/.exec(message) ?? []
      const isOfKeyspace = reading.isKeyspace(schema) && functionsCalled(statement, name).includes(schema)
      return isOfKeyspace ? missing(`${schema}.${name}`) : undefined
    }
  }
}

/** `Unknown table 'depot.a,depot.b'`, `` (`depot`.`a`, CONSTRAINT … `` : each in the keyspace in which the statement names it. */
function withSeenTables(message: string, statement: Statement, reading: Reading): string {
  const tables = tablesOf(statement)
  const names = /(?<=['`,])([^'`.,]+)(`?\.`?)([^'`.,]+)(?=['`,])/g
  return message.replace(names, (whole, keyspace: string, dot: string, name: string) => {
    // A foreign key may tell of a table that the statement does not name.
    const table = tables.find((each) => each.name === name) ?? { name, qualifier: undefined }
    const schema = table.qualifier ?? reading.target.keyspace
    const isSeen = schema !== '' && schema !== keyspace && reading.keyspaceOf(table) === keyspace
    return isSeen ? schema + dot + name : whole
  })
}

/** A function without a database, of the session's, or in none. */
function notFoundBy({ target, options }: Reading, name: string): ToldError {
  if (target.keyspace !== '') return missing(`${target.keyspace}.${name}`)
  return isMariaDb(options.serverVersion) ? missing(name) : noDatabaseSelected()
}

function missing(name: string): ToldError {
  return new SqlError('ER_SP_DOES_NOT_EXIST', `FUNCTION ${name} does not exist`)
}

/** The databases in front of calls of the function. */
function functionsCalled(statement: Statement, name: string): readonly (string | undefined)[] {
  const found: (string | undefined)[] = []
  each(statement, (node) => {
    if (node.kind === 'Function' && node.name === name.toLowerCase()) found.push(node.qualifier)
  })
  return found
}

/** `main.users.nothing`, of which a shard was told `users.nothing`; undefined where the client has written that, too. */
function fullName(statement: Statement, names: string): string | undefined {
  const written = new Set<string>()
  each(statement, (node) => {
    if (node.kind !== 'Column') return
    const { qualifiers, name } = node
    if ([...qualifiers.slice(-1), name].join('.') === names) written.add([...qualifiers, name].join('.'))
  })
  const [only] = written
  return written.size === 1 ? only : undefined
}

function each(statement: Statement, look: (node: AnyNode) => void): void {
  visit(statement, (node) => {
    look(node)
    return undefined
  })
}
