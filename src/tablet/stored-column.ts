import type { StoredColumn } from '../values/column.ts'
import { quoteName, quoteString } from '../values/sql-literal.ts'
import { columnFlags } from '../values/types.ts'
import type { DatabaseColumn, TableKeys } from './schema-reader.ts'

/** The column as another table would have it: type, character set, NULL, default, visibility. */
export function storedColumn(column: DatabaseColumn, keys: TableKeys): StoredColumn {
  const generated = generatedColumn(column)
  return {
    definition: definitionText(column),
    unnamedDefinition: typeParts(column).join(' '),
    emptyDefinition: `${typeText(column)} NULL${visibility(column)}`,
    ...(column.expression !== '' && { computedOf: namesIn(column.expression) }),
    ...(generated && { generated }),
    keyFlags: keyFlags(column, keys),
  }
}

/** MySQL tells the expression as what stands in a string does. MariaDB concludes nothing from one. */
function generatedColumn(column: DatabaseColumn): StoredColumn['generated'] {
  const { expression, isMariadb, nullable } = column
  if (expression === '' || isMariadb) return undefined
  const text = Buffer.from(expression.replaceAll(/\\(.)/gs, '$1')).latin1Slice()
  const type = typeText(column)
  const attributes = `${nullable ? 'NULL' : 'NOT NULL'}${visibility(column)}`
  return { definition: `${type} GENERATED ALWAYS AS (${text}) STORED ${attributes}`, of: namesIn(expression) }
}

/** Both servers write names in backticks. */
function namesIn(expression: string): readonly string[] {
  return [...expression.matchAll(/`((?:[^`]|``)+)`/g)].map(([, name]) => name!.replaceAll('``', '`'))
}

function typeText(column: DatabaseColumn): string {
  return [quoteName(column.name), ...typeParts(column)].join(' ')
}

function typeParts({ columnType, characterSet, collation, srsId }: DatabaseColumn): readonly string[] {
  const parts = [Buffer.from(columnType).latin1Slice()]
  if (characterSet !== null) parts.push(`CHARACTER SET ${characterSet} COLLATE ${collation}`)
  if (srsId !== null) parts.push(`SRID ${srsId}`)
  return parts
}

function definitionText(column: DatabaseColumn): string {
  const { nullable, extra } = column
  const parts = [typeText(column), nullable ? 'NULL' : 'NOT NULL']
  const value = defaultText(column)
  if (value !== undefined) parts.push(`DEFAULT ${value}`)
  const onUpdate = /on update current_timestamp(?:\(\d*\))?/.exec(extra)
  if (onUpdate !== null) parts.push(onUpdate[0].toUpperCase())
  // It is part of a key, as the column of a copy then is.
  if (extra.includes('auto_increment')) parts.push('AUTO_INCREMENT')
  return parts.join(' ') + visibility(column)
}

/** What is invisible is no part of `*`. */
function visibility({ extra }: DatabaseColumn): string {
  return extra.includes('invisible') ? ' INVISIBLE' : ''
}

/** Undefined where there is none. MySQL tells a value's text; MariaDB, and MySQL where it says so, an expression's. */
function defaultText({ default: value, extra, isMariadb, nullable }: DatabaseColumn): string | undefined {
  if (value === null || extra.includes(' generated')) return undefined
  if (/^current_timestamp(\(\d*\))?$/i.test(value)) return value
  if (isMariadb) {
    if (value === 'NULL') return nullable ? value : undefined
    return /^('(''|[^'])*'|-?[\d.]+(e[+-]?\d+)?)$/i.test(value) ? Buffer.from(value).latin1Slice() : COMPUTED
  }
  if (extra.includes('default_generated')) return COMPUTED
  if (value === '0x') return "''"
  return /^(b'[01]*'|0x[0-9a-f]+)$/i.test(value) ? value : quoteString(value)
}

/** A default that is computed row by row, and might ask columns that a copy does not have: none of it is asked for its value. */
const COMPUTED = '(NULL)'

/** Source: `prepare_share()` in MySQL's sql/dd_table_share.cc. */
function keyFlags({ name, extra }: DatabaseColumn, { parts, primary }: TableKeys): number {
  let flags = extra.includes('auto_increment') ? columnFlags.autoIncrement : 0
  for (const { key, column, position, isUnique } of parts) {
    if (column !== name) continue
    flags |= columnFlags.partKey
    if (key === primary) flags |= columnFlags.primaryKey
    else if (position === 1) {
      const isAlone = parts.every((part) => part.key !== key || part.position === 1)
      flags |= isUnique && isAlone ? columnFlags.uniqueKey : columnFlags.multipleKey
    }
  }
  return flags
}
