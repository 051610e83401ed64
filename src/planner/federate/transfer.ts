import type { CopiedAs } from '../../plan/primitives.ts'
import type { Expr } from '../../sql/ast.ts'
import type { Column } from '../../values/column.ts'
import { makeBinary, makeCall, makeCast, makeColumn, makeFloat } from '../make-node.ts'

/** How a column's values are asked for and put into a copy, so that not a bit of them is lost on the way as text. */
export interface Transfer {
  readonly expr: Expr
  readonly as: CopiedAs
}

export function transferOf({ name, type }: Column): Transfer {
  const column = makeColumn(name)
  switch (type) {
    // Its text has six digits; what it is as a DOUBLE is read back to the same FLOAT.
    case 'FLOAT32':
      return { expr: makeBinary('*', column, makeFloat('1e0')), as: 'quoted' }
    case 'FLOAT64':
    case 'DATE':
    case 'TIME':
    case 'DATETIME':
    case 'YEAR':
      return { expr: column, as: 'quoted' }
    // An hour that comes twice when summer ends has one text.
    case 'TIMESTAMP':
      return { expr: makeCall('UNIX_TIMESTAMP', column), as: 'timestamp' }
    case 'BIT':
    case 'SET':
      return { expr: makeCast(column, 'UNSIGNED'), as: 'number' }
    // The error value is 0, and has the text of a member that may be there, too.
    case 'ENUM':
      return { expr: makeCast(column, 'UNSIGNED'), as: 'member' }
    case 'JSON':
      return { expr: makeCast(column, 'BINARY'), as: 'json' }
    // Bytes of its own character set, whatever the session's results are in.
    case 'CHAR':
    case 'VARCHAR':
    case 'TEXT':
      return { expr: makeCast(column, 'BINARY'), as: 'bytes' }
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
    case 'GEOMETRY':
    case 'VECTOR':
      return { expr: column, as: 'bytes' }
    case undefined:
      return { expr: makeCast(column, 'CHAR'), as: 'json' }
    default:
      return { expr: column, as: 'number' }
  }
}
