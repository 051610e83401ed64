import type { JsonColumn, JsonColumnReaction, JsonTable, Piece } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { takeColumnType } from '../syntax/check.ts'
import { parseExpr } from './expressions.ts'
import { parseReactions } from './json-value.ts'
import { atBareKeyword, parseCommaList, parseTableAlias } from './names.ts'
import { parseTextLiteral } from './operands.ts'
import { make, type TokenStream } from './token-stream.ts'
import { PieceBuilder } from './verbatim.ts'

/** `JSON_TABLE(doc, path COLUMNS (…)) [AS] alias`. Source: MySQL 9.7 manual, "JSON Table Functions". */
export function parseJsonTable(p: TokenStream): JsonTable {
  const { start } = p
  p.expect('JSON_TABLE')
  p.expect('(')
  const doc = parseExpr(p)
  p.expect(',')
  const path = parseTextLiteral(p)
  const columns = parseColumns(p)
  p.expect(')')
  const alias = parseTableAlias(p)
  return make<JsonTable>({ kind: 'JsonTable', doc, path, columns, alias, span: p.spanFrom(start) })
}

function parseColumns(p: TokenStream): JsonColumn[] {
  p.enter()
  p.expect('COLUMNS')
  p.expect('(')
  const columns = parseCommaList(p, parseJsonColumn)
  p.expect(')')
  p.leave()
  return columns
}

function parseJsonColumn(p: TokenStream): JsonColumn {
  const { start } = p
  const isMaria = isMariaDb(p.options.serverVersion)
  if (p.at('NESTED') && (p.peekWord() === 'PATH' || (isMaria && p.peekType() === 'String'))) {
    p.advance()
    const pathKeyword = p.accept('PATH')
    const path = parseTextLiteral(p)
    return { kind: 'JsonNested', pathKeyword, path, columns: parseColumns(p), span: p.spanFrom(start) }
  }
  const bareKeyword = atBareKeyword(p)
  const name = p.identifier()
  if (p.accept('FOR')) {
    p.expect('ORDINALITY')
    return make<JsonColumn>({ kind: 'JsonOrdinality', name, bareKeyword, span: p.spanFrom(start) })
  }
  const type = parseColumnType(p)
  const exists = p.accept('EXISTS')
  p.expect('PATH')
  const path = parseTextLiteral(p)
  const reactions: JsonColumnReaction[] = parseReactions(p, 'any order')
  const span = p.spanFrom(start)
  return make<JsonColumn>({ kind: 'JsonPathColumn', name, bareKeyword, type, exists, path, reactions, span })
}

/** The column's type and collation, word for word, up to EXISTS or PATH. */
function parseColumnType(p: TokenStream): readonly Piece[] {
  const pieces = new PieceBuilder(p, p.pos)
  if (p.options.passedOn === 'check' && !isMariaDb(p.options.serverVersion)) {
    takeColumnType(p)
    return pieces.finish()
  }
  if (p.word === '') p.fail()
  let depth = 0
  while (p.type !== 'End' && (depth > 0 || (!p.at('PATH') && !p.at('EXISTS')))) {
    if (p.at('(')) depth++
    else if (p.at(')') && --depth < 0) p.fail()
    else if ((p.at(',') && depth === 0) || p.at(';')) p.fail()
    p.advance()
  }
  return pieces.finish()
}
