import type { LimitClause, Show, TableName } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import { parseSingleString, parseTableName } from './names.ts'
import { parseLimitOption } from './order.ts'
import { skipStatement } from './other.ts'
import { make, type TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/**
 * SHOW: what it shows is recognised for the statements that a proxy answers or changes; of all others the text goes on
 * whole. Source: MySQL 9.7 manual, "SHOW Statements"; vtgate for VITESS_* and VSCHEMA.
 */
export function parseShow(p: TokenStream): Show {
  const { start } = p
  const pieces = new PieceBuilder(p, p.pos)
  p.expect('SHOW')
  const scope = p.acceptOneOf(['GLOBAL', 'SESSION', 'LOCAL'])
  const extended = p.accept('EXTENDED')
  const full = p.accept('FULL')
  const what = takeWhat(p, scope)
  const rest = parseRest(p, what, pieces)
  return make<Show>({
    kind: 'Show',
    what,
    scope,
    full: full ? true : undefined,
    extended: extended ? true : undefined,
    ...rest,
    pieces: pieces.finish(),
    span: p.spanFrom(start),
  })
}

type Rest = {
  table: TableName | undefined
  program: TableName | undefined
  database: string | undefined
  ifNotExists: true | undefined
  like: Show['like'] | undefined
  where: Show['where'] | undefined
  limit: LimitClause | undefined
}

/** The words behind SHOW's modifiers, taken, in the spelling of `Show.what`; OTHER takes none. */
function takeWhat(p: TokenStream, scope: Show['scope'] | undefined): string {
  const next = p.peekWord()
  switch (p.word) {
    case 'VARIABLES':
    case 'STATUS':
    case 'TABLES':
    case 'WARNINGS':
    case 'ERRORS':
    case 'ENGINES':
    case 'COLLATION':
    case 'PROCESSLIST':
    case 'PLUGINS':
    case 'TRIGGERS':
    case 'EVENTS':
    case 'PRIVILEGES':
    case 'PROFILES':
    case 'KEYSPACES':
    case 'VITESS_SHARDS':
    case 'VITESS_TABLETS':
    case 'VITESS_TARGET':
    case 'VITESS_KEYSPACES':
    case 'VITESS_REPLICATION_STATUS':
    case 'VITESS_MIGRATIONS':
    case 'VITESS_THROTTLED_APPS': {
      const { word } = p
      p.advance()
      return word
    }
    case 'DATABASES':
    case 'SCHEMAS':
      return take(p, 1, 'DATABASES')
    case 'COLUMNS':
    case 'FIELDS':
      return take(p, 1, 'COLUMNS')
    case 'INDEX':
    case 'INDEXES':
    case 'KEYS':
      return take(p, 1, 'INDEX')
    case 'TABLE':
      return next === 'STATUS' ? take(p, 2, 'TABLE STATUS') : 'OTHER'
    case 'OPEN':
      return next === 'TABLES' ? take(p, 2, 'OPEN TABLES') : 'OTHER'
    case 'CHARSET':
      return take(p, 1, 'CHARACTER SET')
    case 'CHAR':
    case 'CHARACTER':
      return next === 'SET' ? take(p, 2, 'CHARACTER SET') : 'OTHER'
    case 'FUNCTION':
    case 'PROCEDURE':
      return next === 'STATUS' ? take(p, 2, `${p.word} STATUS`) : 'OTHER'
    case 'COUNT':
      return takeCount(p)
    case 'CREATE':
      return takeCreate(p)
    case 'GRANTS':
      return takeGrants(p)
    case 'VSCHEMA':
      return next === 'TABLES' || next === 'KEYSPACES' || next === 'VINDEXES'
        ? take(p, 2, `VSCHEMA ${next}`)
        : 'OTHER'
    case 'VITESS_METADATA':
      return next === 'VARIABLES' ? take(p, 2, 'VITESS_METADATA VARIABLES') : 'OTHER'
    case 'VITESS_THROTTLER':
      return next === 'STATUS' ? take(p, 2, 'VITESS_THROTTLER STATUS') : 'OTHER'
    case 'TRANSACTION':
      return next === 'STATUS' ? take(p, 2, 'TRANSACTION STATUS') : 'OTHER'
    default: {
      const text = p.text.toUpperCase()
      if (text === 'UNRESOLVED') return takeUnresolved(p)
      if (text === 'SHARDGATE') return takeOwn(p)
      const isGtid = scope === 'GLOBAL' && (text === 'GTID_EXECUTED' || text === 'VGTID_EXECUTED')
      return isGtid ? take(p, 1, text) : 'OTHER'
    }
  }
}

/** SHOW statements that are passed on, by their first word; of MariaDB and older servers any. */
function isShown(p: TokenStream): boolean {
  switch (p.word) {
    case 'BINARY':
    case 'BINLOG':
    case 'CREATE':
    case 'ENGINE':
    case 'FUNCTION':
    case 'GRANTS':
    case 'LIBRARY':
    case 'PARSE_TREE':
    case 'PROCEDURE':
    case 'PROFILE':
    case 'RELAYLOG':
    case 'REPLICA':
    case 'REPLICAS':
    case 'STORAGE':
      return true
    default:
      return isOlder(p) || isVitess(p)
  }
}

function isOlder(p: TokenStream): boolean {
  const { serverVersion } = p.options
  return p.type === 'Ident' && (isMariaDb(serverVersion) || serverVersion < 80400)
}

/** vtgate's own: VITESS_…, VSCHEMA …, KEYSPACES, GTID_EXECUTED, UNRESOLVED TRANSACTIONS. */
export function isVitess(p: TokenStream): boolean {
  const text = p.text.toUpperCase()
  if (text.startsWith('VITESS_') || text.startsWith('VSCHEMA') || text === 'KEYSPACES') return true
  return text === 'GTID_EXECUTED' || text === 'VGTID_EXECUTED' || text === 'UNRESOLVED'
}

function take(p: TokenStream, words: number, what: string): string {
  p.advance(words)
  return what
}

/** COUNT(*) WARNINGS, COUNT(*) ERRORS. */
function takeCount(p: TokenStream): string {
  p.expect('COUNT')
  p.expect('(')
  p.expect('*')
  p.expect(')')
  return `COUNT ${p.expectOneOf(['WARNINGS', 'ERRORS'])}`
}

function takeUnresolved(p: TokenStream): string {
  p.advance()
  if (p.text.toUpperCase() !== 'TRANSACTIONS') p.fail()
  return take(p, 1, 'UNRESOLVED TRANSACTIONS')
}

/** SHARDGATE SESSIONS. */
function takeOwn(p: TokenStream): string {
  p.advance()
  if (p.text.toUpperCase() !== 'SESSIONS') p.fail()
  return take(p, 1, 'SHARDGATE SESSIONS')
}

function takeCreate(p: TokenStream): string {
  switch (p.peekWord()) {
    case 'TABLE':
      return take(p, 2, 'CREATE TABLE')
    case 'VIEW':
      return take(p, 2, 'CREATE VIEW')
    case 'DATABASE':
    case 'SCHEMA':
      return take(p, 2, 'CREATE DATABASE')
    default:
      return 'OTHER'
  }
}

/** One's own: GRANTS, GRANTS FOR CURRENT_USER[()]. Those of others are left to the server. */
function takeGrants(p: TokenStream): string {
  const isOwn = p.peekWord() === 'FOR' && p.peekWord(2) === 'CURRENT_USER'
  const isCalled = isOwn && p.peekWord(3) === '(' && p.peekWord(4) === ')'
  const words = isCalled ? 5 : isOwn ? 3 : 1
  const ends = p.peekType(words) === 'End' || p.peekWord(words) === ';'
  return ends ? take(p, words, 'GRANTS') : 'OTHER'
}

function parseRest(p: TokenStream, what: string, pieces: PieceBuilder): Rest {
  const rest: Rest = {
    table: undefined,
    program: undefined,
    database: undefined,
    ifNotExists: undefined,
    like: undefined,
    where: undefined,
    limit: undefined,
  }
  switch (what) {
    case 'OTHER':
      if (!isShown(p)) p.fail()
      rest.program = takeProgram(p, pieces)
      skipStatement(p)
      return rest
    case 'CREATE TABLE':
    case 'CREATE VIEW':
      rest.table = pieces.take(parseTableName)
      return rest
    case 'CREATE DATABASE':
      if (p.accept('IF')) {
        p.expect('NOT')
        p.expect('EXISTS')
        rest.ifNotExists = true
      }
      rest.database = p.identifier()
      return rest
    case 'COLUMNS':
    case 'INDEX':
      p.expectOneOf(['FROM', 'IN'])
      rest.table = pieces.take(parseTableName)
      break
    case 'VSCHEMA VINDEXES':
      if (p.acceptOneOf(['FROM', 'ON', 'IN']) !== undefined) rest.table = pieces.take(parseTableName)
      break
    case 'GRANTS':
    case 'SHARDGATE SESSIONS':
      return rest
    case 'UNRESOLVED TRANSACTIONS':
      if (p.accept('FOR')) rest.database = p.identifier()
      return rest
    case 'TRANSACTION STATUS':
      p.accept('FOR')
      if (p.type === 'String') pieces.take(parseSingleString)
      return rest
    case 'WARNINGS':
    case 'ERRORS':
      rest.limit = parseShowLimit(p, pieces)
      if (isMariaDb(p.options.serverVersion) && (p.at('LIMIT') || p.at('ROWS'))) skipStatement(p)
      return rest
    default:
  }
  if (what === 'PLUGINS' && isMariaDb(p.options.serverVersion) && p.accept('SONAME')) {
    if (p.type === 'String') pieces.take(parseSingleString)
    return parseFilter(p, what, rest, pieces)
  }
  if (p.acceptOneOf(['FROM', 'IN']) !== undefined) rest.database = p.identifier()
  return parseFilter(p, what, rest, pieces)
}

/** The name in CREATE PROCEDURE name, if that is what is shown. */
function takeProgram(p: TokenStream, pieces: PieceBuilder): TableName | undefined {
  if (!p.at('CREATE')) return undefined
  p.advance()
  if (p.acceptOneOf(['PROCEDURE', 'FUNCTION', 'TRIGGER', 'EVENT']) === undefined) return undefined
  return p.atIdentifier() ? pieces.take(parseTableName) : undefined
}

function parseFilter(p: TokenStream, what: string, rest: Rest, pieces: PieceBuilder): Rest {
  if (p.accept('LIKE')) rest.like = pieces.take(parseSingleString)
  else if (p.accept('WHERE')) rest.where = pieces.take(parseExpr)
  else if (what.startsWith('VITESS_')) skipStatement(p)
  return rest
}

/** `LIMIT count`, `LIMIT offset, count`, `LIMIT count OFFSET offset`, each number a piece. */
function parseShowLimit(p: TokenStream, pieces: PieceBuilder): LimitClause | undefined {
  const { start } = p
  if (p.at2('LIMIT', 'ROWS') || !p.accept('LIMIT')) return undefined
  const first = pieces.take(parseLimitOption)
  if (p.accept(',')) {
    const count = pieces.take(parseLimitOption)
    return { kind: 'Limit', count, offset: first, comma: true, span: p.spanFrom(start) }
  }
  const offset = p.accept('OFFSET') ? pieces.take(parseLimitOption) : undefined
  return make<LimitClause>({ kind: 'Limit', count: first, offset, comma: undefined, span: p.spanFrom(start) })
}
