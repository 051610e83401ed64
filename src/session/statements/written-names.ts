import { ServerError } from '../../errors/server-error.ts'
import { noDatabaseSelected, SqlError } from '../../errors/sql-error.ts'
import type { Statement } from '../../sql/ast.ts'
import { isMariaDb } from '../../sql/keywords.ts'
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

const ER_BAD_FIELD_ERROR = 1054
const ER_SP_DOES_NOT_EXIST = 1305
const ER_PROCACCESS_DENIED_ERROR = 1370

const TOLD_BY_NAMES: ReadonlySet<number> = new Set([
  ER_BAD_FIELD_ERROR,
  ER_SP_DOES_NOT_EXIST,
  ER_PROCACCESS_DENIED_ERROR,
])

/**
 * The error as one server would tell it. Shards are at their own keyspace, where functions without a database are looked for, get
 * columns without the keyspace in front of them, and have no database of a keyspace's name: what the proxy's account may not
 * execute there does not exist.
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

/** Undefined where it is told as the client has written it. */
function ownError(told: ToldError, statement: Statement, reading: Reading): ToldError | undefined {
  const { message } = told
  switch (told.errno) {
    case ER_BAD_FIELD_ERROR: {
      const full = (names: string) => fullName(statement, names) ?? names
      return { ...told, message: message.replace(/(?<=')[^'.]+\.[^'.]+(?=')/, full) }
    }
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
