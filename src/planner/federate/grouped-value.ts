import type { CopiedAs } from '../../plan/primitives.ts'
import type { Expr } from '../../sql/ast.ts'
import { someNode } from '../../sql/visit.ts'
import type { Column } from '../../values/column.ts'
import type { ValueType } from '../../values/value.ts'
import { storedColumn } from '../binding/live-column.ts'
import { quietKind } from '../binding/quiet.ts'
import type { Scope } from '../binding/scope.ts'
import { makeCast, makeColumn, makeConvert } from '../make-node.ts'
import { type Transfer, transferOf } from './transfer.ts'

/**
 * How the value of an expression of columns travels that shards show under `name`; undefined where bits of it might be lost, it may
 * warn, or it is a constant, which has a collation of its own.
 */
export function transferOfValue(name: string, expr: Expr, scope: Scope): Transfer | undefined {
  if (expr.kind === 'Column') return transferOfStored(name, storedColumn(expr, scope))
  const kind = quietKind(expr, scope)
  if (kind === undefined || someNode(expr, ({ kind: inner }) => lossy.has(inner))) return undefined
  const types = typesIn(expr, scope)
  const column = makeColumn(name)
  if (types === undefined) return undefined
  switch (kind) {
    case 'number':
      return { expr: column, as: 'quoted' }
    case 'time':
      return types.has('TIMESTAMP') && !isDate(expr) ? undefined : { expr: column, as: 'quoted' }
    case 'text':
      return { expr: makeCast(makeConvert(column, 'utf8mb4'), 'BINARY'), as: 'json' }
    default:
      return undefined
  }
}

/** As `transferOfValue`, of the least or greatest of the values. */
export function transferOfExtreme(name: string, arg: Expr, scope: Scope): Transfer | undefined {
  // Of YEAR() it is a BIGINT, of a column of groups a YEAR.
  if (arg.kind === 'Function' && arg.name === 'year') return undefined
  const column = arg.kind === 'Column' ? storedColumn(arg, scope) : undefined
  return column?.type !== undefined && rankedOtherwise.has(column.type)
    ? undefined
    : transferOfValue(name, arg, scope)
}

/** An exact number, or a DOUBLE, whose text is all of it. */
export const asNumber: CopiedAs = 'quoted'

function transferOfStored(name: string, column: Column | undefined): Transfer | undefined {
  if (column?.type === undefined || column.type === 'JSON') return undefined
  return transferOf({ ...column, name })
}

/** MIN and MAX of these are texts. */
const rankedOtherwise: ReadonlySet<ValueType> = new Set(['ENUM', 'SET', 'BIT'])

/** Bytes, or text whose type or collation is not that of a column. */
const lossy: ReadonlySet<string> = new Set([
  'Introduced',
  'Collate',
  'Param',
  'UserVariable',
  'SystemVariable',
  'Subquery',
])

/** Types of which an expression may be no number, time or text of its own. */
const opaque: ReadonlySet<ValueType> = new Set([
  'FLOAT32',
  'BIT',
  'JSON',
  'BINARY',
  'VARBINARY',
  'BLOB',
  'GEOMETRY',
  'VECTOR',
])

function typesIn(expr: Expr, scope: Scope): ReadonlySet<ValueType> | undefined {
  const types = new Set<ValueType>()
  const areKnown = !someNode(expr, (node) => {
    if (node.kind !== 'Column') return false
    const type = storedColumn(node, scope)?.type
    if (type === undefined || opaque.has(type)) return true
    types.add(type)
    return false
  })
  return areKnown && types.size > 0 ? types : undefined
}

/** Whatever time it is of. */
function isDate(expr: Expr): boolean {
  return expr.kind === 'Function' && (expr.name === 'date' || expr.name === 'last_day')
}
