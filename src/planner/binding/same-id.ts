import { isBinary, isIntegral } from '../../values/value.ts'
import { domainOf, fidelityOf, type VindexDomain } from '../../vindex/domain.ts'
import type { Vindex } from '../../vindex/vindex.ts'
import type { Column } from '../../vschema/model.ts'
import { isText } from './column-type.ts'

/**
 * Whether equal values are on one shard: what GROUP BY, DISTINCT, PARTITION BY and joins that are left to shards stand on.
 * It is so where the column calls nothing equal that its vindex tells apart: `Abc` and `aBC` are equal in a column without
 * case, and xxhash gives them two ids.
 *
 * Of columns of which nothing is known (their database has not been read yet), vindexes of integers are believed, for
 * whatever has an id has one spelling. For all others it must be known that the column compares as the vindex does.
 */

/** Whether all values of the vindex's column number `position` that are equal have one keyspace id. */
export function equalValuesHaveOneId(column: Column | undefined, vindex: Vindex, position: number): boolean {
  const domain = domainOf(vindex, position)
  return domain === 'constant' || domain === 'integer' || hasOneForm(column, domain)
}

/** Whether `a = b` means one keyspace id: each has one form for equal values, and both have the same one. */
export function equalColumnsHaveOneId(
  a: Column | undefined,
  b: Column | undefined,
  vindex: Vindex,
  position: number,
): boolean {
  const domain = domainOf(vindex, position)
  if (domain === 'constant') return true
  if (a?.type === undefined || b?.type === undefined) return domain === 'integer'
  if (domain !== 'integer' && !(hasOneForm(a, domain) && hasOneForm(b, domain))) return false
  if (isIntegral(a.type) && isIntegral(b.type)) return true
  if (isText(a.type) && isText(b.type)) return true
  if (a.type === 'BINARY' || b.type === 'BINARY') return a.type === b.type && a.size === b.size
  if (isBinary(a.type) && isBinary(b.type)) return true
  if (a.type === 'DECIMAL' && b.type === 'DECIMAL') return domain === 'integer' || a.scale === b.scale
  const isTemporal = a.type === 'DATE' || a.type === 'DATETIME' || a.type === 'TIME'
  return isTemporal && a.type === b.type && a.size === b.size
}

/** Whether texts of the column that the collation calls equal have the same bytes. */
export function comparesBytes(column: Column | undefined, collation: string): boolean {
  if (column?.type === undefined || !isText(column.type)) return false
  return fidelityOf('bytes', column.type === 'CHAR', collation) === 'all'
}

/** Whether equal values of the column are read alike by the vindex: how they are stored is told in the engine's stored-form.ts. */
function hasOneForm(column: Column | undefined, domain: VindexDomain): boolean {
  if (column?.type === undefined) return false
  const { type, collation, size, values } = column
  if (isIntegral(type)) return true
  if (isText(type)) return collation !== undefined && fidelityOf(domain, type === 'CHAR', collation) === 'all'
  switch (type) {
    case 'VARBINARY':
    case 'BLOB':
    case 'DATE':
    case 'DATETIME':
    case 'TIME':
      return true
    case 'BINARY':
    case 'DECIMAL':
      // Filled with zero bytes, or digits, as far as it goes.
      return size !== undefined
    case 'ENUM':
      return values.length > 0
    default:
      // 0 and -0 are equal doubles.
      return false
  }
}
