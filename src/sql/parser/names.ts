import type { Alias, ColumnName, Literal, TableName } from '../ast.ts'
import { isMariaDb, staysBare } from '../keywords.ts'
import { stringText } from '../literal-value.ts'
import { make, type TokenStream } from './token-stream.ts'

/** `[qualifier.]name`. */
export function parseTableName(p: TokenStream): TableName {
  acceptLeadingPoint(p)
  const { start } = p
  const bareKeyword = atBareKeyword(p)
  const first = p.identifier()
  const qualifier = p.accept('.') ? first : undefined
  const name = qualifier === undefined ? first : parseNamePart(p)
  return make<TableName>({ kind: 'TableName', qualifier, name, bareKeyword, span: p.spanFrom(start) })
}

/** MariaDB: `.t` is a table of the current database, `.t.c` a column of it. */
function acceptLeadingPoint(p: TokenStream): void {
  if (isMariaDb(p.options.serverVersion)) p.accept('.')
}

/** The current token is a keyword that no server reserves, written without quotes. */
export function atBareKeyword(p: TokenStream): true | undefined {
  return p.type === 'Ident' && p.word !== '' && staysBare(p.word) ? true : undefined
}

/** What follows a point: any word directly behind it is a name, a word after blanks must not be reserved. */
function parseNamePart(p: TokenStream): string {
  return p.identifier()
}

export function parseColumn(p: TokenStream): ColumnName {
  acceptLeadingPoint(p)
  const { start } = p
  const bareKeyword = atBareKeyword(p)
  const names = [p.identifier()]
  while (names.length < 3 && p.accept('.')) names.push(parseNamePart(p))
  return make<ColumnName>({
    kind: 'Column',
    qualifiers: names.slice(0, -1),
    name: names[names.length - 1],
    bareKeyword,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

/** One or more of what `parse` reads, separated by commas. */
export function parseCommaList<T>(p: TokenStream, parse: (p: TokenStream) => T): T[] {
  const items = [parse(p)]
  while (p.accept(',')) items.push(parse(p))
  return items
}

/** `(name, …)`, with at least one name. */
export function parseNameList(p: TokenStream): string[] {
  p.expect('(')
  const names = parseCommaList(p, (at) => at.identifier())
  p.expect(')')
  return names
}

/** `[AS] name` of a table. */
export function parseTableAlias(p: TokenStream): Alias | undefined {
  const { start } = p
  const isMaria = isMariaDb(p.options.serverVersion)
  // MariaDB: `t = x` as well, and WINDOW begins the clause.
  const as = p.accept('AS') || (isMaria && p.accept('='))
  if (!as && (!p.atIdentifier() || (isMaria && p.at('WINDOW')))) return undefined
  return parseAliasName(p, start, as)
}

function parseAliasName(p: TokenStream, start: number, as: boolean): Alias {
  const bareKeyword = atBareKeyword(p)
  const name = p.identifier()
  return make<Alias>({ kind: 'Alias', name, as, bareKeyword, span: p.spanFrom(start), string: undefined })
}

/** `[AS] name` of a select item, where the name may be a string. */
export function parseItemAlias(p: TokenStream): Alias | undefined {
  const { start } = p
  const as = p.accept('AS')
  if (p.type === 'String') {
    const string = p.text
    p.advance()
    return { kind: 'Alias', name: stringText(string, p.options.mode), as, string, span: p.spanFrom(start) }
  }
  if (!as && !p.atIdentifier()) return undefined
  return parseAliasName(p, start, as)
}

/** A string with the adjacent ones that belong to it. */
export function parseString(p: TokenStream): Literal {
  if (p.type !== 'String' && p.type !== 'National') p.fail()
  const { start } = p
  p.advance()
  while (p.type === 'String') p.advance()
  return p.literal('String', start)
}

/** A string where MySQL's grammar takes just one token of it. */
export function parseSingleString(p: TokenStream): Literal {
  if (p.type !== 'String') p.fail()
  const { start } = p
  p.advance()
  return p.literal('String', start)
}
