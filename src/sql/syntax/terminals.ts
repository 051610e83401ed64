import type { Expr } from '../ast.ts'
import type { TokenType } from '../lexer.ts'
import { parseBits, parseExpr } from '../parser/expressions.ts'
import { parseTableName } from '../parser/names.ts'
import { parseSystemVariable, parseUserVariable, scopes } from '../parser/operands.ts'
import { parseLimitOption } from '../parser/order.ts'
import { atQueryStart, parseQuery } from '../parser/query.ts'
import { parseSet, setsVariables } from '../parser/set.ts'
import { isVitess } from '../parser/show.ts'
import type { TokenStream } from '../parser/token-stream.ts'
import { parseUnit } from '../parser/units.ts'
import { HIGH_NOT_PRECEDENCE } from '../sql-mode.ts'
import { visit } from '../visit.ts'
import type { Reach, Terminal } from './notation.ts'
import { numberTerminals } from './numbers.ts'

/** What the rules name and no rule defines: kinds of tokens, and what the parser proper reads. */
export const terminals: Readonly<Record<string, Terminal>> = {
  ident: (p) => takeIf(p, p.atIdentifier()),
  role_ident: (p) => takeIf(p, p.atIdentifier() && !noRoles.has(p.word)),
  label_ident: (p) => takeIf(p, atLabel(p)),
  /** What SET may assign to: a scope's name would be read as the scope. `persist.x` is no scope, `global.x` is refused. */
  lvalue_ident: (p) =>
    takeIf(
      p,
      p.atIdentifier() && !scopes.some((scope) => p.at(scope)) && !/^(global|local|session)$/i.test(p.text),
    ),
  /** `@host` behind a user's name, or `@variable`; of `@@` the first is taken. */
  at_name: (p) => (p.at('@@') ? p.failAt(p.start + 1) : takeIf(p, p.type === 'UserVariable')),
  /** One string, in no other character set. */
  string: ofType('String'),
  hex: ofType('Hex'),
  bit: ofType('Bit'),
  /** `N'…'` */
  national: ofType('National'),
  ...numberTerminals,
  dollar_quoted: ofType('DollarQuoted'),
  table: (p) => p.atIdentifier() && parseTableName(p) !== undefined,
  /** A name that is no word of the grammar. */
  plain_ident: (p) => takeIf(p, p.word === '' && p.atIdentifier()),
  /** `_utf8mb4` before a string. */
  introducer: (p) => takeIf(p, p.type === 'Ident' && p.word === '' && !p.atIdentifier()),
  /** Fits no token: for what MySQL reads and then refuses. */
  nothing: () => false,
  /** `count n` of LOAD: the name is no word of the grammar, and the server looks at it by itself. */
  file_count: (p) => {
    if (p.word !== '' || !p.atIdentifier()) return false
    const { text, start } = p
    p.advance()
    if (p.type !== 'Int') return false
    if (text.toUpperCase() !== 'COUNT') p.failAt(start)
    if (Number(p.text) === 0) p.fail()
    p.advance()
    return true
  },
  /** Between host and port, without blanks. */
  tight_colon: (p) =>
    takeIf(p, p.at(':') && p.lastEnd === p.start && p.start + 1 === p.tokens.starts[p.pos + 1]),
  no_comma: (p) => !p.at(','),
  /** Takes nothing: `~here` marks the next token. */
  here: () => true,
  /** The server is older than MySQL 8.4, which dropped the replication statements with "master" and "slave". */
  before_8_4: (p) => p.options.serverVersion < 80400,
  before_9: (p) => p.options.serverVersion < 90000,
  /** SET with variables: all of the statement. */
  set_variables: (p) => p.at('SET') && setsVariables(p) && parseSet(p) !== undefined,
  /** First word of what only vtgate shows. */
  vtgate_show: (p) => takeIf(p, isVitess(p)),
  limit_number: (p) => parseLimitOption(p) !== undefined,
  /** The rest of a statement that the parser proper knows better: vtgate's, and MySQL's of former times. */
  unchecked: (p) => {
    while (p.type !== 'End' && !p.at(';')) p.advance()
    return true
  },
  /** NOT where HIGH_NOT_PRECEDENCE, in which it is another token, leaves it out. */
  plain_not: (p) => takeIf(p, isPlainNot(p)),
  /** Lookahead: `((`, no `(`, and `(` with anything else behind it. */
  two_parens: (p) => p.at2('(', '('),
  no_paren: (p) => !p.at('('),
  one_paren: (p) => p.at('(') && p.peekWord() !== '(',
  // These throw at the token that does not fit.
  expr: (p) => parseExpr(p) !== undefined,
  /** What CASE compares with its WHENs, where it compares. */
  case_value: (p) => !p.at('WHEN') && parseExpr(p) !== undefined,
  bit_expr: (p) => parseBits(p) !== undefined,
  partition_expr: (p, reach) => withoutSubqueryAtLast(p, parseBits(p), reach),
  flat_expr: (p) => withoutSubquery(p, parseExpr(p)),
  query,
  unit: (p) => parseUnit(p) !== '',
  variable,
  /** `[NOT] ENFORCED` without a CHECK before it; told from the end of the token before, where NOT is not there. */
  stray_enforcement: (p) =>
    p.at('ENFORCED') ? p.failAt(p.lastEnd) : isPlainNot(p) && p.peekWord() === 'ENFORCED' && p.fail(),
}

/** Where a label may stand. The words that it may not be begin statements, or belong to one. */
export function atLabel(p: TokenStream): boolean {
  return p.atIdentifier() && !noLabels.has(p.word)
}

function isPlainNot(p: TokenStream): boolean {
  return p.at('NOT') && (p.options.mode & HIGH_NOT_PRECEDENCE) === 0
}

function variable(p: TokenStream): boolean {
  if (p.type === 'UserVariable') return parseUserVariable(p) !== undefined
  return p.at('@@') && parseSystemVariable(p) !== undefined
}

/** MySQL's grammar takes a subquery here, and refuses it then: at once, */
function withoutSubquery(p: TokenStream, expr: Expr): true {
  const start = subqueryStart(expr)
  if (start !== undefined) p.failAt(start)
  return true
}

/** or when the rest of the statement fits. */
function withoutSubqueryAtLast(p: TokenStream, expr: Expr, reach: Reach): true {
  const start = subqueryStart(expr)
  if (start !== undefined) reach.refused ??= p.tokens.starts.indexOf(start)
  return true
}

function subqueryStart(expr: Expr): number | undefined {
  let start: number | undefined
  visit(expr, (node) => {
    if (node.kind !== 'Subquery') return undefined
    start = node.span.start
    return 'stop'
  })
  return start
}

/** Where no query begins, `p` is left behind the parentheses, at the token that should have begun it. */
function query(p: TokenStream): boolean {
  if (atQueryStart(p, 0) || p.at('VALUES')) return parseQuery(p) !== undefined
  while (p.at('(')) p.advance()
  p.accept('VALUES')
  return false
}

/** Words that may be identifiers, but not names of roles: GRANT and REVOKE would take them for privileges. */
const noRoles = wordSet(`
  EVENT EXECUTE FILE NONE PROCESS PROXY RELOAD REPLICATION RESOURCE RESTART SHUTDOWN SUPER
`)

/** Words that may be identifiers, but not labels. */
const noLabels = wordSet(`
  ASCII BEGIN BINLOG BYTE CACHE CHARSET CHECKSUM CLONE COMMENT COMMIT CONTAINS DEALLOCATE DO END
  EXECUTE FLUSH FOLLOWS HANDLER HELP IMPORT INSTALL LANGUAGE NO PRECEDES PREPARE REPAIR RESET RESTART
  ROLLBACK SAVEPOINT SHUTDOWN SIGNED SLAVE START STOP TRUNCATE UNICODE UNINSTALL XA
`)

function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

function takeIf(p: TokenStream, holds: boolean): boolean {
  if (holds) p.advance()
  return holds
}

function ofType(...types: readonly TokenType[]): Terminal {
  return (p) => takeIf(p, types.includes(p.type))
}
