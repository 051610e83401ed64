import { SqlError } from '../../errors/sql-error.ts'
import type { Statement } from '../../sql/ast.ts'
import { printPieces } from '../../sql/print.ts'
import { orderingParams } from '../statements/ordering-params.ts'
import { limitParams, limitText } from './limit-texts.ts'

/**
 * The statement's text with SQL literals in place of its `?`. Throws ER_WRONG_ARGUMENTS when their numbers differ, and for what
 * LIMIT does not take.
 */
export function substituteParams(
  statement: Statement,
  values: readonly string[],
  { isMariadb }: { readonly isMariadb: boolean },
): string {
  // As a literal, the value of `ORDER BY ?` would be a column's position.
  const constants: ReadonlySet<number> = isMariadb ? new Set() : orderingParams(statement)
  const pieces = printPieces(statement)
  const params = pieces.filter((piece) => typeof piece !== 'string' && 'param' in piece).length
  if (params !== values.length) throw new SqlError('ER_WRONG_ARGUMENTS', 'Incorrect arguments to EXECUTE')
  const limits = limitParams(statement)
  const textOf = (param: number) => {
    if (limits.has(param)) return limitText(values[param]!, isMariadb)
    return constants.has(param) ? 'NULL' : values[param]!
  }
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : 'param' in piece ? textOf(piece.param) : ''))
    .join('')
}
