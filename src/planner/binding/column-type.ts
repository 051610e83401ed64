import type { RoutedColumn, RoutedColumns } from '../../plan/routing.ts'
import { collationByName } from '../../values/charsets.ts'
import {
  integerValue,
  isBinary,
  isIntegral,
  nullValue,
  type Value,
  type ValueType,
  value,
} from '../../values/value.ts'
import type { Column, ColumnVindex, Table } from '../../vschema/model.ts'
import { sameColumn } from '../../vschema/model.ts'

/** How a column's values are ordered; `unknown` covers everything the VSchema does not say. */
type OrderClass = 'plain' | 'text' | 'float' | 'number as text' | 'json' | 'unknown'

export function orderClass(type: ValueType | undefined): OrderClass {
  switch (type) {
    case undefined:
    case 'EXPRESSION':
    case 'TUPLE':
    case 'RAW':
    case 'ROW_TUPLE':
      return 'unknown'
    case 'CHAR':
    case 'VARCHAR':
    case 'TEXT':
      return 'text'
    case 'FLOAT32':
      return 'float'
    case 'ENUM':
    case 'SET':
      return 'number as text'
    case 'JSON':
    case 'GEOMETRY':
    case 'VECTOR':
      return 'json'
    default:
      return 'plain'
  }
}

/** Collations in which no space is added before comparing. */
export function isNoPad(collation: string): boolean {
  return collation === 'binary' || collation.includes('_0900_') || collation.includes('nopad')
}

/** Of a text; undefined for numbers. */
export function charsetOf({ collation }: Column): string | undefined {
  return collation === undefined ? undefined : collationByName(collation)?.charset.name
}

/** What the VSchema says of the columns of a vindex; undefined where it says nothing of any. */
export function routedColumns(table: Table, vindex: ColumnVindex): RoutedColumns | undefined {
  const columns = vindex.columns.map((name) => routedColumn(columnOf(table, name)))
  return columns.some((column) => column !== undefined) ? columns : undefined
}

export function routedColumn(column: Column | undefined): RoutedColumn | undefined {
  if (column?.type === undefined) return undefined
  const { type, collation, size, scale, values, nullable } = column
  return {
    type,
    ...(collation === undefined ? {} : { collation }),
    ...(size === undefined ? {} : { size }),
    ...(scale === undefined ? {} : { scale }),
    ...(nullable ? {} : { notNull: true }),
    ...(type === 'ENUM' && values.length > 0 ? { members: values } : {}),
  }
}

const DEFAULT = / DEFAULT (?:'((?:''|[^'])*)'|(-?\d+)|NULL)(?= |$)/

/**
 * The value that a row has which does not name the column, as its server tells; NULL where there is none: a server that does not
 * refuse the row makes its own of it. Undefined where it is computed for each row, or not known.
 */
export function usualValue({ stored, autoIncrement }: Column): Value | undefined {
  if (stored === undefined || stored.computedOf !== undefined || autoIncrement) return undefined
  const { definition } = stored
  if (!definition.includes(' DEFAULT ')) return nullValue
  const [found, text, digits] = DEFAULT.exec(definition) ?? []
  if (found === undefined) return undefined
  if (digits !== undefined) return integerValue(BigInt(digits))
  return text === undefined ? nullValue : value('VARCHAR', text.replaceAll("''", "'"))
}

export function columnOf(table: Table, name: string): Column | undefined {
  return table.columns.find((column) => sameColumn(column.name, name))
}

export function isText(type: ValueType): boolean {
  return type === 'CHAR' || type === 'VARCHAR' || type === 'TEXT'
}

/** Whether columns of two tables can stand for each other in an equality of any kind. */
export function sameKind(a: Column | undefined, b: Column | undefined): boolean {
  if (a?.type === undefined || b?.type === undefined) return true
  if (isIntegral(a.type) && isIntegral(b.type)) return true
  if (isText(a.type) && isText(b.type)) return a.collation === b.collation
  if (isBinary(a.type) && isBinary(b.type)) return true
  return a.type === b.type
}
