import type { TokenType, Word } from '../lexer.ts'
import { parseBits, parseExpr } from '../parser/expressions.ts'
import { parseTableName } from '../parser/names.ts'
import { atQueryStart, parseQuery } from '../parser/query.ts'
import type { TokenStream } from '../parser/token-stream.ts'
import type { Terminal } from './notation.ts'
import { numberTerminals } from './numbers.ts'

/** What the rules name and no rule defines: kinds of tokens, and what the parser proper reads. */
export const terminals: Readonly<Record<string, Terminal>> = {
  ident: (p) => takeIf(p, p.atIdentifier()),
  role_ident: (p) => takeIf(p, p.atIdentifier() && !isNoRole(p.word)),
  label_ident: (p) => takeIf(p, p.atIdentifier() && !isNoLabel(p.word)),
  /** `@host` behind a user's name, or `@variable`. */
  at_name: ofType('UserVariable'),
  /** One string, in no other character set. */
  string: ofType('String'),
  hex: ofType('Hex'),
  bit: ofType('Bit'),
  /** `N'…'` */
  national: ofType('National'),
  param: (p) => takeIf(p, p.type === 'Param' && p.options.allowParams !== false),
  ...numberTerminals,
  dollar_quoted: ofType('DollarQuoted'),
  table: (p) => p.atIdentifier() && parseTableName(p) !== undefined,
  /** A name that is no word of the grammar. */
  plain_ident: (p) => takeIf(p, p.word === '' && p.atIdentifier()),
  /** `_utf8mb4` before a string. */
  introducer: (p) => takeIf(p, p.type === 'Ident' && p.word === '' && !p.atIdentifier()),
  /** Everything up to the end of the statement. */
  rest: (p) => {
    while (p.type !== 'End') p.advance()
    return true
  },
  // These throw at the token that does not fit.
  expr: (p) => parseExpr(p) !== undefined,
  bit_expr: (p) => parseBits(p) !== undefined,
  query,
  /** `[NOT] ENFORCED` where no CHECK stands before it. */
  stray_enforcement: (p) => (p.at('ENFORCED') || p.at2('NOT', 'ENFORCED') ? p.fail() : false),
}

/** Where no query begins, `p` is left behind the parentheses, at the token that should have begun it. */
function query(p: TokenStream): boolean {
  if (atQueryStart(p, 0) || p.at('VALUES')) return parseQuery(p) !== undefined
  while (p.at('(')) p.advance()
  return false
}

/** Words that may be identifiers, but not names of roles: GRANT and REVOKE would take them for privileges. */
function isNoRole(word: Word | ''): boolean {
  switch (word) {
    case 'EVENT':
    case 'EXECUTE':
    case 'FILE':
    case 'NONE':
    case 'PROCESS':
    case 'PROXY':
    case 'RELOAD':
    case 'REPLICATION':
    case 'RESOURCE':
    case 'RESTART':
    case 'SHUTDOWN':
    case 'SUPER':
      return true
    default:
      return false
  }
}

/** Words that may be identifiers, but not labels: they begin statements, or belong to one that may stand there. */
function isNoLabel(word: Word | ''): boolean {
  switch (word) {
    case 'ASCII':
    case 'BEGIN':
    case 'BYTE':
    case 'CACHE':
    case 'CHARSET':
    case 'CHECKSUM':
    case 'CLONE':
    case 'COMMENT':
    case 'COMMIT':
    case 'CONTAINS':
    case 'DEALLOCATE':
    case 'DO':
    case 'END':
    case 'EXECUTE':
    case 'FLUSH':
    case 'FOLLOWS':
    case 'HANDLER':
    case 'HELP':
    case 'IMPORT':
    case 'INSTALL':
    case 'LANGUAGE':
    case 'NO':
    case 'PRECEDES':
    case 'PREPARE':
    case 'REPAIR':
    case 'RESET':
    case 'RESTART':
    case 'ROLLBACK':
    case 'SAVEPOINT':
    case 'SHUTDOWN':
    case 'SIGNED':
    case 'SLAVE':
    case 'START':
    case 'STOP':
    case 'TRUNCATE':
    case 'UNICODE':
    case 'UNINSTALL':
    case 'XA':
      return true
    default:
      return false
  }
}

function takeIf(p: TokenStream, holds: boolean): boolean {
  if (holds) p.advance()
  return holds
}

function ofType(...types: readonly TokenType[]): Terminal {
  return (p) => takeIf(p, types.includes(p.type))
}
