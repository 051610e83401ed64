import type { Cast, CastType, Expr, Literal } from '../ast.ts'
import { parseExpr } from './expressions.ts'
import { parseSingleString } from './names.ts'
import { openCall } from './native-calls.ts'
import { make, type TokenStream } from './token-stream.ts'
import { parseCastType, parseCharsetName } from './types.ts'

/** CAST and CONVERT. Source: MySQL 9.7 manual, "Cast Functions and Operators". */
export function parseCast(p: TokenStream): Cast {
  const { start } = p
  openCall(p)
  const operand = parseExpr(p)
  const timeZone = p.accept('AT') ? parseTimeZone(p) : undefined
  p.expect('AS')
  const type = parseCastType(p, 'array')
  p.expect(')')
  return make<Cast>({
    kind: 'Cast',
    syntax: 'CAST',
    operand,
    timeZone,
    type,
    span: p.spanFrom(start),
    parens: undefined,
  })
}

function parseTimeZone(p: TokenStream): { readonly interval: boolean; readonly value: Literal } {
  p.expect('TIME')
  p.expect('ZONE')
  const interval = p.accept('INTERVAL')
  return { interval, value: parseSingleString(p) }
}

export function parseConvert(p: TokenStream): Expr {
  const { start } = p
  openCall(p)
  const operand = parseExpr(p)
  if (p.accept('USING')) {
    const charset = parseCharsetName(p)
    p.expect(')')
    return { kind: 'ConvertUsing', operand, charset, span: p.spanFrom(start) }
  }
  p.expect(',')
  const type: CastType = parseCastType(p)
  p.expect(')')
  return { kind: 'Cast', syntax: 'CONVERT', operand, type, span: p.spanFrom(start) }
}
