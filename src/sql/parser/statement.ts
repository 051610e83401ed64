import type { Statement } from '../ast.ts'
import { standsAlone } from '../compound.ts'
import { isMariaDb } from '../keywords.ts'
import { checkSyntax } from '../syntax/check.ts'
import { parseFlush, parseTableAdmin } from './admin.ts'
import { parseDdl } from './ddl.ts'
import { parseGetDiagnostics } from './diagnostics.ts'
import { parseCallStatement, parseDelete, parseDo, parseInsert, parseUpdate } from './dml.ts'
import { parseExplain, parseVExplain } from './explain.ts'
import { parseHeld } from './held.ts'
import { parseLoad } from './load.ts'
import { parseOther, parseProgram } from './other.ts'
import { parseQuery, parseQueryWith, parseWith } from './query.ts'
import {
  atConclude,
  parseBegin,
  parseConclude,
  parseDeallocate,
  parseEnd,
  parseExecute,
  parseKill,
  parseLockTables,
  parsePrepare,
  parseSavepoint,
  parseUnlockTables,
  parseUse,
} from './session.ts'
import { parseSet } from './set.ts'
import { parseShow } from './show.ts'
import type { TokenStream } from './token-stream.ts'

/** One statement and nothing else: a `;` may follow it, another statement may not. A `;` alone is no statement. */
export function parseWhole(p: TokenStream): Statement {
  if (p.type === 'End') return parseEmpty(p)
  const statement = parseStatementBody(p)
  expectEnd(p)
  return statement
}

function expectEnd(p: TokenStream): void {
  p.accept(';')
  if (p.type !== 'End') p.fail()
}

function parseEmpty(p: TokenStream): Statement {
  return { kind: 'Empty', comment: p.tokens.hasComment, span: p.spanFrom(p.start) }
}

export function parseStatementBody(p: TokenStream): Statement {
  p.enter()
  if (p.options.passedOn === 'check') checkSyntax(p, dispatch)
  const statement = dispatch(p) ?? p.fail()
  p.leave()
  return statement
}

/** Undefined where the current word begins no statement. */
function dispatch(p: TokenStream): Statement | undefined {
  if (atCompound(p)) return parseProgram(p)
  switch (p.word) {
    case 'SELECT':
    case '(':
    case 'VALUES':
    case 'TABLE':
      return parseQuery(p)
    case 'WITH':
      return parseWithStatement(p)
    case 'INSERT':
    case 'REPLACE':
      return parseInsert(p)
    case 'UPDATE':
      return parseUpdate(p, undefined)
    case 'DELETE':
      return isDeleteHistory(p) ? { ...parseOther(p), verb: 'DELETE HISTORY' } : parseDelete(p, undefined)
    case 'SET':
      return parseSet(p)
    case 'SHOW':
      return parseShow(p)
    case 'CALL':
      return parseCallStatement(p)
    case 'DO':
      return parseDo(p)
    case 'EXPLAIN':
    case 'DESCRIBE':
    case 'DESC':
      return parseExplain(p)
    case 'VEXPLAIN':
      return parseVExplain(p)
    case 'CREATE':
    case 'ALTER':
    case 'DROP':
    case 'RENAME':
    case 'TRUNCATE':
      return parseDdl(p)
    case 'LOAD':
      return parseLoad(p)
    case 'FLUSH':
      return parseFlush(p)
    case 'ANALYZE':
    case 'CHECK':
    case 'CHECKSUM':
    case 'OPTIMIZE':
    case 'REPAIR':
      return parseTableAdmin(p)
    default:
      return parseSessionStatement(p)
  }
}

function parseSessionStatement(p: TokenStream): Statement | undefined {
  switch (p.word) {
    case 'USE':
      return parseUse(p)
    case 'XA':
    case 'HANDLER':
      return parseHeld(p)
    case 'BEGIN':
      return parseBegin(p)
    case 'START':
      return p.peekWord() === 'TRANSACTION' ? parseBegin(p) : parseOther(p)
    case 'COMMIT':
    case 'ROLLBACK':
      return parseEnd(p)
    case 'SAVEPOINT':
      return parseSavepoint(p)
    case 'RELEASE':
      return parseSavepoint(p)
    case 'KILL':
      return parseKill(p)
    case 'PREPARE':
      return parsePrepare(p)
    case 'EXECUTE':
      return isMariaDb(p.options.serverVersion) && p.peekWord() === 'IMMEDIATE'
        ? parseOther(p)
        : parseExecute(p)
    case 'DEALLOCATE':
      return parseDeallocate(p)
    case 'GET':
      return parseGetDiagnostics(p)
    case 'LOCK':
      return p.peekWord() === 'TABLES' || p.peekWord() === 'TABLE' ? parseLockTables(p) : parseOther(p)
    case 'UNLOCK':
      return p.peekWord() === 'TABLES' || p.peekWord() === 'TABLE' ? parseUnlockTables(p) : parseOther(p)
    default:
      if (atConclude(p)) return parseConclude(p)
      return isOtherVerb(p) ? parseOther(p) : undefined
  }
}

/** MariaDB's DELETE HISTORY FROM t, of a table's former rows. */
function isDeleteHistory(p: TokenStream): boolean {
  return isMariaDb(p.options.serverVersion) && p.peekWord() === 'HISTORY' && p.peekWord(2) === 'FROM'
}

/** MariaDB's blocks, loops and branches outside of stored programs. */
function atCompound(p: TokenStream): boolean {
  const { mode, serverVersion } = p.options
  if (!isMariaDb(serverVersion)) return false
  const isBlock = p.at2('BEGIN', 'NOT') && p.peekWord(2) === 'ATOMIC'
  return isBlock || standsAlone(p.word, mode)
}

function parseWithStatement(p: TokenStream): Statement {
  const withClause = parseWith(p)
  if (p.at('UPDATE')) return parseUpdate(p, withClause)
  if (p.at('DELETE')) return parseDelete(p, withClause)
  return parseQueryWith(p, withClause)
}

/** Verbs of statements that are passed on whole. */
function isOtherVerb(p: TokenStream): boolean {
  switch (p.word) {
    case 'GRANT':
    case 'REVOKE':
    case 'INSTALL':
    case 'UNINSTALL':
    case 'HELP':
    case 'RESET':
    case 'PURGE':
    case 'CHANGE':
    case 'STOP':
    case 'CACHE':
    case 'BINLOG':
    case 'CLONE':
    case 'SHUTDOWN':
    case 'RESTART':
    case 'SIGNAL':
    case 'RESIGNAL':
    case 'IMPORT':
      return true
    case 'BACKUP':
      return isMariaDb(p.options.serverVersion)
    default:
      return false
  }
}
