import type { JsonValue, JsonValueReaction } from '../ast.ts'
import { isMariaDb } from '../keywords.ts'
import { parseExpr } from './expressions.ts'
import { openCall } from './native-calls.ts'
import { parseSignedLiteral, parseSimple, parseTextLiteral } from './operands.ts'
import { make, type TokenStream } from './token-stream.ts'
import { parseCastType } from './types.ts'

/** `JSON_VALUE(doc, path [RETURNING type] [reactions])`. Source: MySQL 9.7 manual, "Functions That Search JSON Values". */
export function parseJsonValue(p: TokenStream): JsonValue {
  const { start } = p
  openCall(p)
  const doc = isMariaDb(p.options.serverVersion) ? parseExpr(p) : parseSimple(p)
  p.expect(',')
  const path = isMariaDb(p.options.serverVersion) || p.type === 'Param' ? parseExpr(p) : parseTextLiteral(p)
  const returning = p.accept('RETURNING') ? parseCastType(p) : undefined
  const reactions = parseReactions(p)
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

/** `[… ON EMPTY] [… ON ERROR]`, in this order. */
export function parseReactions(p: TokenStream): JsonValueReaction[] {
  const reactions: JsonValueReaction[] = []
  const isMaria = isMariaDb(p.options.serverVersion)
  while (p.at('ERROR') || p.at('NULL') || p.at('DEFAULT')) {
    const action = p.expectOneOf(['ERROR', 'NULL', 'DEFAULT'])
    const value = action === 'DEFAULT' ? (isMaria ? parseExpr(p) : parseSignedLiteral(p)) : undefined
    p.expect('ON')
    const on =
      reactions.length === 0 || isMaria ? p.expectOneOf(['EMPTY', 'ERROR']) : p.expectOneOf(['ERROR'])
    reactions.push(value === undefined ? { on, action } : { on, action, value })
    if (on === 'ERROR' && !isMaria) break
  }
  return reactions
}
