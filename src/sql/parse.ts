import { assert } from '../base/assert.ts'
import type { Expr, Statement } from './ast.ts'
import { parseExpr } from './parser/expressions.ts'
import { parseWhole } from './parser/statement.ts'
import { type ParseOptions, TokenStream } from './parser/token-stream.ts'
import type { Scan } from './scan.ts'

export { NESTING_MAX, type ParseOptions } from './parser/token-stream.ts'

/**
 * Parses one statement, given as a binary string. Throws SqlError 1064 with MySQL's wording for what MySQL's grammar does
 * not have, 1436 for what is nested deeper than NESTING_MAX.
 */
export function parseStatement(sql: string, options: ParseOptions): Statement {
  return parseWhole(new TokenStream(sql, options))
}

/**
 * As parseStatement, for the statement that `scan` describes: literals, IN lists and rows of VALUES carry the numbers of
 * their slots. The tree then holds for every text with the same key.
 */
export function parseNormalized(sql: string, scan: Scan, options: ParseOptions): Statement {
  const stream = new TokenStream(sql, options, scan)
  const statement = parseWhole(stream)
  assert(stream.openSlots === 0, 'every slot of the fingerprint belongs to a node')
  return statement
}

/** Parses a single expression, all of `sql`. */
export function parseExpression(sql: string, options: ParseOptions): Expr {
  const stream = new TokenStream(sql, options)
  const expr = parseExpr(stream)
  if (stream.type !== 'End') stream.fail()
  return expr
}
