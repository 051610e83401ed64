import type { Expr, Select, TableRef } from '../sql/ast.ts'

/**
 * What WHERE requires a column of a table to be: `x` of `column = x`, all items of `column IN (x, y)`; undefined where it
 * leaves that open. Names are compared without case, as those of information_schema are.
 */
export function comparedWith(
  { from, where }: Select,
  { alias, name }: TableRef,
  column: string,
): readonly Expr[] | undefined {
  const table = (alias?.name ?? name.name).toLowerCase()
  const isAlone = from.length === 1 && from[0]?.kind === 'Table'
  const isColumn = (expr: Expr) =>
    expr.kind === 'Column' &&
    expr.name.toLowerCase() === column &&
    (expr.qualifiers.length === 0 ? isAlone : expr.qualifiers.at(-1)!.toLowerCase() === table)
  for (const conjunct of where === undefined ? [] : conjunctsOf(where)) {
    if (conjunct.kind === 'Comparison' && conjunct.op === '=') {
      if (isColumn(conjunct.left)) return [conjunct.right]
      if (isColumn(conjunct.right)) return [conjunct.left]
    }
    const isList = conjunct.kind === 'In' && !conjunct.negated && conjunct.right.kind === 'List'
    if (
      isList &&
      isColumn(conjunct.left) &&
      conjunct.right.kind === 'List' &&
      conjunct.right.items.length > 0
    )
      return conjunct.right.items
  }
  return undefined
}

function conjunctsOf(expr: Expr): readonly Expr[] {
  return expr.kind === 'And' ? expr.operands.flatMap(conjunctsOf) : [expr]
}
