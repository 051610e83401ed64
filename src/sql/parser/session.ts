import type {
  Begin,
  ConcludeTransaction,
  Deallocate,
  EndTransaction,
  Execute,
  Expr,
  Kill,
  Literal,
  LockTables,
  Other,
  Prepare,
  Savepoint,
  TableLock,
  UnlockTables,
  Use,
} from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { decodeBinary } from '../text.ts'
import { parseExpr } from './expressions.ts'
import { parseCommaList, parseSingleString, parseTableAlias, parseTableName } from './names.ts'
import { parseUserVariable } from './operands.ts'
import { parseOther } from './other.ts'
import { parseValueOrDefault } from './query.ts'
import { make, type TokenStream } from './token-stream.ts'

/** Statements about the session itself: transactions, savepoints, USE, KILL, PREPARE, LOCK TABLES. */

export function parseUse(p: TokenStream): Use {
  const { start } = p
  p.expect('USE')
  return { kind: 'Use', target: parseTarget(p), span: p.spanFrom(start) }
}

/** Behind the keyspace's name, or in its place. */
const TARGET_REST = /(?::(?:[\da-f]*-[\da-f]*|\d+))?(?:@[a-z]+)?/iy

/**
 * A target as vtgate has it: `ks`, `ks:shard`, `ks@replica`, `ks:-80@replica`. Unquoted it is several tokens, whose
 * text is taken as it stands, without blanks.
 */
function parseTarget(p: TokenStream): string {
  if (p.type === 'Quoted') return p.takeName()
  const { start } = p
  TARGET_REST.lastIndex = p.type === 'UserVariable' ? start : identifierEnd(p)
  TARGET_REST.exec(p.sql)
  const end = TARGET_REST.lastIndex
  while (p.start < end) p.advance()
  if (p.lastEnd !== end) p.fail()
  return decodeBinary(p.sql.slice(start, end))
}

function identifierEnd(p: TokenStream): number {
  p.identifier()
  return p.lastEnd
}

export function parseBegin(p: TokenStream): Begin {
  const { start } = p
  if (p.accept('BEGIN')) {
    const syntax = p.accept('WORK') ? 'BEGIN WORK' : 'BEGIN'
    return { kind: 'Begin', syntax, modifiers: [], span: p.spanFrom(start) }
  }
  p.expect('START')
  p.expect('TRANSACTION')
  const modifiers = p.at('WITH') || p.at('READ') ? parseCommaList(p, parseBeginModifier) : []
  if (modifiers.includes('READ ONLY') && modifiers.includes('READ WRITE')) p.fail()
  return { kind: 'Begin', syntax: 'START TRANSACTION', modifiers, span: p.spanFrom(start) }
}

function parseBeginModifier(p: TokenStream): Begin['modifiers'][number] {
  if (p.accept('WITH')) {
    p.expect('CONSISTENT')
    p.expect('SNAPSHOT')
    return 'WITH CONSISTENT SNAPSHOT'
  }
  p.expect('READ')
  return `READ ${p.expectOneOf(['ONLY', 'WRITE'])}`
}

/** COMMIT and ROLLBACK, also ROLLBACK TO SAVEPOINT. */
export function parseEnd(p: TokenStream): EndTransaction | Savepoint {
  const { start } = p
  const kind = p.expectOneOf(['COMMIT', 'ROLLBACK']) === 'COMMIT' ? 'Commit' : 'Rollback'
  const work = p.accept('WORK')
  if (kind === 'Rollback' && p.accept('TO')) return parseRollbackTo(p, start, work)
  const chain = p.accept('AND') ? acceptYes(p, 'CHAIN') : undefined
  // A connection that ends begins no transaction.
  const mayEnd = p.at('NO') || (p.at('RELEASE') && chain !== true)
  const release = mayEnd ? acceptYes(p, 'RELEASE') : undefined
  return make<EndTransaction>({ kind, work, chain, release, span: p.spanFrom(start) })
}

/** `[NO] word`. */
function acceptYes(p: TokenStream, word: 'CHAIN' | 'RELEASE'): boolean {
  const yes = !p.accept('NO')
  p.expect(word)
  return yes
}

function parseRollbackTo(p: TokenStream, start: number, work: boolean): Savepoint {
  // MariaDB takes a savepoint of that name, too.
  const isLast = p.peekType() === 'End' || p.peekWord() === ';'
  const isName = isMariaDb(p.options.serverVersion) && isLast
  const keyword = !isName && p.accept('SAVEPOINT')
  const name = p.identifier()
  return make<Savepoint>({
    kind: 'RollbackTo',
    name,
    work: work ? true : undefined,
    keyword: keyword ? true : undefined,
    span: p.spanFrom(start),
  })
}

export function parseSavepoint(p: TokenStream): Savepoint {
  const { start } = p
  const kind = p.accept('RELEASE') ? 'ReleaseSavepoint' : 'Savepoint'
  p.expect('SAVEPOINT')
  return { kind, name: p.identifier(), span: p.spanFrom(start) }
}

/** KILL of a connection or its statement; MariaDB's, by query id or of a user's connections, is passed on whole. */
export function parseKill(p: TokenStream): Kill | Other {
  const { start, pos } = p
  p.expect('KILL')
  const isMaria = isMariaDb(p.options.serverVersion)
  const force = isMaria && p.peekType() !== 'End' ? p.acceptOneOf(['HARD', 'SOFT']) : undefined
  const what = p.acceptOneOf(['CONNECTION', 'QUERY'])
  const isId = what === 'QUERY' && p.at('ID') && p.peekType() !== 'End'
  if (isMaria && (isId || p.at('USER'))) {
    p.pos = pos
    return parseOther(p)
  }
  const id = parseExpr(p)
  return make<Kill>({ kind: 'Kill', force, what, id, span: p.spanFrom(start) })
}

/** `CONCLUDE TRANSACTION 'id'`; neither word is one of MySQL's keywords. */
export function atConclude(p: TokenStream): boolean {
  return p.text.toUpperCase() === 'CONCLUDE' && p.peekWord() === 'TRANSACTION'
}

export function parseConclude(p: TokenStream): ConcludeTransaction {
  const { start } = p
  p.advance(2)
  return { kind: 'ConcludeTransaction', id: parseSingleString(p), span: p.spanFrom(start) }
}

export function parsePrepare(p: TokenStream): Prepare {
  const { start } = p
  p.expect('PREPARE')
  const name = p.identifier()
  p.expect('FROM')
  const from = parseStatementText(p)
  return { kind: 'Prepare', name, from, span: p.spanFrom(start) }
}

function parseStatementText(p: TokenStream): Expr {
  if (isMariaDb(p.options.serverVersion)) return parseExpr(p)
  return p.type === 'UserVariable' || p.at('@@') ? parseUserVariable(p) : parseSingleString(p)
}

export function parseExecute(p: TokenStream): Execute {
  const { start } = p
  p.expect('EXECUTE')
  const name = p.identifier()
  const parseItem = isMariaDb(p.options.serverVersion) ? parseValueOrDefault : parseUserVariable
  const using: Expr[] = p.accept('USING') ? parseCommaList(p, parseItem) : []
  return { kind: 'Execute', name, using, span: p.spanFrom(start) }
}

/** DEALLOCATE PREPARE and DROP PREPARE. */
export function parseDeallocate(p: TokenStream): Deallocate {
  const { start } = p
  const verb = p.expectOneOf(['DEALLOCATE', 'DROP'])
  p.expect('PREPARE')
  return { kind: 'Deallocate', verb, name: p.identifier(), span: p.spanFrom(start) }
}

/** LOCK TABLES; the caller has seen that TABLE or TABLES follows. */
export function parseLockTables(p: TokenStream): LockTables {
  const { start } = p
  p.expect('LOCK')
  const keyword = p.expectOneOf(['TABLES', 'TABLE'])
  const tables = parseCommaList(p, parseTableLock)
  const wait = isMariaDb(p.options.serverVersion) ? parseWait(p) : undefined
  return make<LockTables>({ kind: 'LockTables', keyword, tables, wait, span: p.spanFrom(start) })
}

/** MariaDB: `WAIT seconds` or `NOWAIT`, of statements that lock whole tables. */
function parseWait(p: TokenStream): LockTables['wait'] {
  if (p.accept('NOWAIT')) return 'NOWAIT'
  return p.accept('WAIT') ? parseSeconds(p) : undefined
}

/** How long `WAIT` waits. */
export function parseSeconds(p: TokenStream): Literal {
  const { start, type } = p
  if (type !== 'Int' && type !== 'Decimal' && type !== 'Float' && type !== 'Hex') p.fail()
  p.advance()
  return p.literal(type, start)
}

function parseTableLock(p: TokenStream): TableLock {
  const { start } = p
  const table = parseTableName(p)
  const alias = parseTableAlias(p)
  const lock = parseLockKind(p)
  return make<TableLock>({ kind: 'TableLock', table, alias, lock, span: p.spanFrom(start) })
}

function parseLockKind(p: TokenStream): TableLock['lock'] {
  if (p.accept('READ')) return p.accept('LOCAL') ? 'READ LOCAL' : 'READ'
  const isMaria = isMariaDb(p.options.serverVersion)
  const mayBeLow = isMaria || p.options.serverVersion < 90000
  if (!mayBeLow || !p.accept('LOW_PRIORITY')) {
    p.expect('WRITE')
    return isMaria && p.accept('CONCURRENT') ? 'WRITE CONCURRENT' : 'WRITE'
  }
  p.expect('WRITE')
  return 'LOW_PRIORITY WRITE'
}

export function parseUnlockTables(p: TokenStream): UnlockTables {
  const { start } = p
  p.expect('UNLOCK')
  const keyword = p.expectOneOf(['TABLES', 'TABLE'])
  return { kind: 'UnlockTables', keyword, span: p.spanFrom(start) }
}
