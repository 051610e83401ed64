import type { Expr, JsonValue, JsonValueReaction } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { continueExpr, parseExpr } from './expressions.ts'
import { openCall } from './native-calls.ts'
import { parseSignedLiteral, parseSimple, parseTextLiteral } from './operands.ts'
import { make, type TokenStream } from './token-stream.ts'
import { parseCastType } from './types.ts'

/** `JSON_VALUE(doc, path [RETURNING type] [reactions])`. Source: MySQL 9.7 manual, "Functions That Search JSON Values". */
export function parseJsonValue(p: TokenStream): JsonValue {
  const { start } = p
  openCall(p)
  const doc = isMariaDb(p.options.serverVersion) ? parseDocument(p) : parseSimple(p)
  p.expect(',')
  const path = isMariaDb(p.options.serverVersion) || p.type === 'Param' ? parseExpr(p) : parseTextLiteral(p)
  const returning = p.accept('RETURNING') ? parseCastType(p) : undefined
  const reactions = parseReactions(p, isMariaDb(p.options.serverVersion) ? 'any order' : 'in order')
  p.expect(')')
  return make<JsonValue>({
    kind: 'JsonValue',
    doc,
    path,
    returning,
    reactions,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

/** Any expression in MariaDB; it gets the parentheses that MySQL would need. */
function parseDocument(p: TokenStream): Expr {
  const first = parseSimple(p)
  if (p.at(',')) return first
  const doc = continueExpr(p, first)
  return { ...doc, parens: (doc.parens ?? 0) + 1 }
}

/** `[… ON EMPTY] [… ON ERROR]`, each at most once. */
export function parseReactions(p: TokenStream, form: 'in order' | 'any order'): JsonValueReaction[] {
  const reactions: JsonValueReaction[] = []
  let open: readonly JsonValueReaction['on'][] = ['EMPTY', 'ERROR']
  const isMaria = isMariaDb(p.options.serverVersion)
  while (open.length > 0 && (p.at('ERROR') || p.at('NULL') || p.at('DEFAULT'))) {
    const action = p.expectOneOf(['ERROR', 'NULL', 'DEFAULT'])
    const value = action === 'DEFAULT' ? (isMaria ? parseExpr(p) : parseSignedLiteral(p)) : undefined
    p.expect('ON')
    const on = p.expectOneOf(open)
    open = form === 'in order' && on === 'ERROR' ? [] : open.filter((other) => other !== on)
    reactions.push(value === undefined ? { on, action } : { on, action, value })
  }
  return reactions
}
