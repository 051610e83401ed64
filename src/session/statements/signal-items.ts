import type { Expr } from '../../sql/ast.ts'
import { tokenize } from '../../sql/lexer.ts'
import { type ParseOptions, parseExpression } from '../../sql/parse.ts'

/** What a SIGNAL says of its condition. */
export interface SignalItems {
  readonly sqlState: string
  /** By their names, in upper case. */
  readonly items: ReadonlyMap<string, Expr>
}

/** As its server shows it to GET DIAGNOSTICS; undefined for what is no SIGNAL of an SQLSTATE. */
export function signalItems(sql: string, options: ParseOptions): SignalItems | undefined {
  const { mode = 0, serverVersion } = options
  const { types, starts, ends } = tokenize(sql, { mode, serverVersion })
  const textAt = (at: number) => sql.slice(starts[at], ends[at])
  const wordAt = (at: number) => (types[at] === 'Ident' ? textAt(at).toUpperCase() : '')
  if (wordAt(0) !== 'SIGNAL' || wordAt(1) !== 'SQLSTATE') return undefined
  const state = wordAt(2) === 'VALUE' ? 3 : 2
  const items = new Map<string, Expr>()
  // `SET name = value, …`: each value is a literal or a variable.
  for (let at = state + 2; wordAt(state + 1) === 'SET' && types[at] === 'Ident'; ) {
    const name = wordAt(at)
    const first = at + 2
    let end = first
    while (end < types.length && types[end] !== 'End' && textAt(end) !== ',' && textAt(end) !== ';') end++
    items.set(name, parseExpression(sql.slice(starts[first], ends[end - 1]), options))
    at = end + 1
  }
  return { sqlState: textAt(state).slice(1, -1), items }
}
