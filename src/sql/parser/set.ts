import type {
  Expr,
  SetCharset,
  SetItem,
  SetNames,
  SetStatement,
  SetTransaction,
  SetVariable,
  Statement,
  VariableScope,
  WordValue,
} from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import { parseCommaList } from './names.ts'
import { isScopeName, parseUserVariable, scopes } from './operands.ts'
import { parseOther, parseProgram } from './other.ts'
import { make, type TokenStream } from './token-stream.ts'
import { acceptCharacterSet } from './types.ts'

/**
 * SET in all its forms. SET PASSWORD, ROLE, RESOURCE GROUP and MariaDB's SET STATEMENT are passed on whole.
 * Source: MySQL 9.7 manual, "SET Syntax for Variable Assignment", "SET TRANSACTION Statement".
 */
export function parseSet(p: TokenStream): Statement {
  if (!setsVariables(p)) return p.peekWord() === 'STATEMENT' ? parseProgram(p) : parseOther(p)
  switch (p.peekWord()) {
    case 'TRANSACTION':
      return isVariable(p, 2) ? parseItems(p) : parseSetTransaction(p)
    case 'GLOBAL':
    case 'SESSION':
    case 'LOCAL':
    case 'PERSIST':
    case 'PERSIST_ONLY':
      return p.peekWord(2) === 'TRANSACTION' && !isVariable(p, 3) ? parseSetTransaction(p) : parseItems(p)
    default:
      return parseItems(p)
  }
}

/** SET of variables, names or a transaction, not of what is passed on whole. */
export function setsVariables(p: TokenStream): boolean {
  switch (p.peekWord()) {
    case 'PASSWORD':
      return p.peekWord(2) === '.'
    case 'RESOURCE':
    case 'ROLE':
      return isVariable(p, 2)
    case 'DEFAULT':
      return p.peekWord(2) !== 'ROLE'
    case 'STATEMENT':
      return !isMariaDb(p.options.serverVersion)
    default:
      return true
  }
}

/** What stands before the token `ahead` is a variable's name. */
function isVariable(p: TokenStream, ahead: number): boolean {
  const word = p.peekWord(ahead)
  return word === '=' || word === ':=' || word === '.'
}

function parseItems(p: TokenStream): SetStatement {
  const { start } = p
  p.expect('SET')
  return { kind: 'Set', items: parseCommaList(p, parseItem), span: p.spanFrom(start) }
}

function parseItem(p: TokenStream): SetItem {
  const { start } = p
  if (p.type === 'UserVariable') return parseUserAssignment(p)
  if (p.accept('@@')) {
    const scope = p.acceptOneOf(scopes)
    if (scope !== undefined) p.expect('.')
    return parseVariable(p, start, true, scope)
  }
  if (p.at('NAMES') && p.peekWord() !== '.') return parseNames(p)
  const charset = parseCharset(p)
  if (charset !== undefined) return charset
  const scope = p.acceptOneOf(scopes)
  return parseVariable(p, start, false, scope)
}

function parseUserAssignment(p: TokenStream): SetItem {
  const target = parseUserVariable(p)
  const operator = p.expectOneOf(['=', ':='])
  const value = parseExpr(p)
  return { kind: 'SetUserVariable', target, operator, value, span: p.spanFrom(target.span.start) }
}

function parseVariable(
  p: TokenStream,
  start: number,
  at: boolean,
  scope: VariableScope | undefined,
): SetVariable {
  const name = parseVariableName(p)
  const operator = p.expectOneOf(['=', ':='])
  const value = parseSetValue(p)
  return make<SetVariable>({ kind: 'SetVariable', at, scope, name, operator, value, span: p.spanFrom(start) })
}

/** `name`, `component.name`, or `DEFAULT.name` of a structured variable. */
function parseVariableName(p: TokenStream): string {
  const { start } = p
  if (scopes.some((scope) => p.at(scope))) p.fail()
  // DEFAULT.name or DEFAULT ROLE: behind the word anything else is wrong.
  const isDefault = p.at('DEFAULT')
  if (isDefault && p.peekWord() !== '.') p.failAt(p.tokens.starts[p.pos + 1])
  const first = isDefault ? p.takeName() : p.identifier()
  if (!p.accept('.')) return first
  const name = `${first}.${p.identifier()}`
  // `SET global.x = 1` lacks its `@@`.
  if (isScopeName(first)) p.failAt(start)
  return name
}

/** Words that stand for themselves as values, and those of them that may begin an expression too. */
const valueWords = ['ON', 'ALL', 'BINARY', 'ROW', 'SYSTEM'] as const
const expressionWords: ReadonlySet<string> = new Set(['BINARY', 'ROW'])

function parseSetValue(p: TokenStream): Expr | WordValue {
  const { start } = p
  if (p.at('DEFAULT') && p.peekWord() !== '(') {
    p.advance()
    return { kind: 'Default', span: p.spanFrom(start) }
  }
  // SYSTEM is reserved in MySQL only.
  const mayBeExpr = expressionWords.has(p.word) || (p.at('SYSTEM') && p.atIdentifier())
  const stands = !mayBeExpr || p.peekType() === 'End' || p.peekWord() === ',' || p.peekWord() === ';'
  const word = stands ? p.acceptOneOf(valueWords) : undefined
  return word === undefined ? parseExpr(p) : { kind: 'WordValue', word, span: p.spanFrom(start) }
}

function parseNames(p: TokenStream): SetNames {
  const { start } = p
  p.expect('NAMES')
  if (p.at('=') || p.at(':=')) refuseNamesVariable(p)
  if (p.accept('DEFAULT')) return { kind: 'SetNames', span: p.spanFrom(start) }
  const charset = p.accept('BINARY') ? 'binary' : p.identifierOrString()
  const collation = p.accept('COLLATE') ? (p.accept('BINARY') ? 'binary' : p.identifierOrString()) : undefined
  return make<SetNames>({ kind: 'SetNames', charset, collation, span: p.spanFrom(start) })
}

/** `NAMES = …` is wrong, but only where a value follows. */
function refuseNamesVariable(p: TokenStream): never {
  const { start } = p
  p.advance()
  parseExpr(p)
  p.failAt(start)
}

function parseCharset(p: TokenStream): SetCharset | undefined {
  const { start } = p
  const isWord = p.at('CHARSET') && !isVariable(p, 1)
  if (!isWord && !acceptCharacterSet(p)) return undefined
  if (isWord) p.advance()
  const keyword = isWord ? 'CHARSET' : 'CHARACTER SET'
  if (p.accept('DEFAULT')) return { kind: 'SetCharset', keyword, span: p.spanFrom(start) }
  const charset = p.accept('BINARY') ? 'binary' : p.identifierOrString()
  return { kind: 'SetCharset', keyword, charset, span: p.spanFrom(start) }
}

function parseSetTransaction(p: TokenStream): SetTransaction {
  const { start } = p
  p.expect('SET')
  const scope = p.acceptOneOf(scopes)
  p.expect('TRANSACTION')
  const accessFirst = p.at('READ')
  let access = accessFirst ? parseAccess(p) : undefined
  const isolation = !accessFirst || p.accept(',') ? parseIsolation(p) : undefined
  if (access === undefined && p.accept(',')) access = parseAccess(p)
  return make<SetTransaction>({
    kind: 'SetTransaction',
    scope,
    isolation,
    access,
    accessFirst: accessFirst && isolation !== undefined ? true : undefined,
    span: p.spanFrom(start),
  })
}

function parseAccess(p: TokenStream): 'READ ONLY' | 'READ WRITE' {
  p.expect('READ')
  return `READ ${p.expectOneOf(['ONLY', 'WRITE'])}`
}

function parseIsolation(p: TokenStream): NonNullable<SetTransaction['isolation']> {
  p.expect('ISOLATION')
  p.expect('LEVEL')
  if (p.accept('SERIALIZABLE')) return 'SERIALIZABLE'
  if (p.accept('REPEATABLE')) {
    p.expect('READ')
    return 'REPEATABLE READ'
  }
  p.expect('READ')
  return `READ ${p.expectOneOf(['UNCOMMITTED', 'COMMITTED'])}`
}
