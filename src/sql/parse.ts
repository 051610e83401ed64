import type { Expr, Statement } from './ast.ts'
import { parseExpr } from './parser/expressions.ts'
import { parseWhole } from './parser/statement.ts'
import { type ParseOptions, TokenStream } from './parser/token-stream.ts'
import type { Scan } from './scan.ts'
import { checkDepth } from './tree-depth.ts'

export { CHAIN_MAX, NESTING_MAX, type ParseOptions } from './parser/token-stream.ts'

/**
 * Parses one statement, given as a binary string. Throws SqlError 1064 with MySQL's wording for what MySQL's grammar does
 * not have, 1436 for what is nested deeper than NESTING_MAX or, as a tree, than TREE_LEVELS_MAX.
 */
export function parseStatement(sql: string, options: ParseOptions): Statement {
  return parseTree(new TokenStream(sql, options))
}

function parseTree(stream: TokenStream): Statement {
  return checkDepth(parseWhole(stream), stream.tokens.starts.length)
}

/** `isShared`: the tree holds for every text with the key of its scan; otherwise for this text alone. */
export interface Normalized {
  readonly statement: Statement
  readonly isShared: boolean
}

/**
 * As parseStatement, for the statement that `scan` describes: literals, IN lists and rows of VALUES carry the numbers of
 * their slots. The tree then holds for every text with the same key. Should a slot belong to no node, a literal's text
 * is somewhere in the tree: such a tree must not be kept for other texts, and comes without slots and not shared.
 */
export function normalize(sql: string, scan: Scan, options: ParseOptions): Normalized {
  const stream = new TokenStream(sql, options, scan)
  const statement = parseTree(stream)
  if (stream.openSlots === 0) return { statement, isShared: true }
  return { statement: parseTree(new TokenStream(sql, options, { ...scan, slots: [] })), isShared: false }
}

/** Parses a single expression, all of `sql`. */
export function parseExpression(sql: string, options: ParseOptions): Expr {
  const stream = new TokenStream(sql, options)
  const expr = parseExpr(stream)
  if (stream.type !== 'End') stream.fail()
  return checkDepth(expr, stream.tokens.starts.length)
}
