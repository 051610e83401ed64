import { textCells } from '../../mysql/client/simple-command.ts'
import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { type GivenVariable, NAMES, type Settings } from '../../tablet/settings.ts'
import { collationById, collationByName, isWide, type ServerFlavor } from '../../values/charsets.ts'
import { binaryLiteral, doubleLiteral, quoteName, textLiteral } from '../../values/sql-literal.ts'
import { columnFlags, fieldTypes } from '../../values/types.ts'
import { unquoted } from './unquoted.ts'

/**
 * What a user variable is: the servers keep one of five types, a collation, and a value or none (`user_var_entry`). What is
 * NULL has the type that it had before, or that of the expression which came to NULL.
 */
export interface VariableValue {
  readonly kind: 'signed' | 'unsigned' | 'decimal' | 'double' | 'text'
  /** By its name; of numbers that of the connection when they were set, which what is NULL later has. */
  readonly collation: string
  /** SQL text that gives the value in an expression: `NULL`, a number, a text. */
  readonly text: string
}

/** The first NULL of a variable. */
export const FIRST_NULL: VariableValue = { kind: 'text', collation: 'binary', text: 'NULL' }

export function numberValue(
  kind: Exclude<VariableValue['kind'], 'text'>,
  text: string,
  collation: string,
): VariableValue {
  return { kind, collation, text: kind === 'double' ? doubleLiteral(text) : text }
}

export function textValue(bytes: Buffer, collation: string): VariableValue {
  const charset = collationByName(collation)?.charset.name ?? 'utf8mb4'
  if (charset === 'binary') return { kind: 'text', collation, text: binaryLiteral(bytes) }
  const text = isWide(charset) ? `_${charset} 0x${bytes.toString('hex')}` : textLiteral(bytes, charset)
  return { kind: 'text', collation, text: bytes.length === 0 ? "''" : text }
}

/** `SET @a = NULL`: type and collation stay. */
export function nullOf(before: VariableValue | undefined): VariableValue {
  return before === undefined ? FIRST_NULL : { ...before, text: 'NULL' }
}

/** An expression that is NULL: MySQL changes the type, but not the collation of a variable that there is. */
export function nullOfType(
  value: VariableValue,
  before: VariableValue | undefined,
  flavor: ServerFlavor,
): VariableValue {
  return before === undefined || flavor === 'mariadb' ? value : { ...value, collation: before.collation }
}

/** What a connection is told to have the variable. */
export function givenVariable(name: string, { kind, collation, text }: VariableValue): GivenVariable {
  const variable = `@${quoteName(name)}`
  const items =
    text === 'NULL'
      ? `${variable} = ${typed(kind, collation, ZERO[kind])}, ${variable} = NULL`
      : `${variable} = ${typed(kind, collation, text)}`
  return { items, type: kind === 'text' ? collation : kind }
}

const ZERO: Readonly<Record<VariableValue['kind'], string>> = {
  signed: '0',
  unsigned: '0',
  decimal: '0',
  double: '0e0',
  text: "''",
}

/** An expression of exactly this type. */
function typed(kind: VariableValue['kind'], collation: string, text: string): string {
  switch (kind) {
    case 'unsigned':
      return `CAST(${text} AS UNSIGNED)`
    case 'decimal':
      return text.includes('.') ? text : `CAST(${text} AS DECIMAL(65))`
    case 'text': {
      const charset = collationByName(collation)?.charset.name ?? 'utf8mb4'
      return charset === 'binary' ? whole(text, charset) : `${whole(text, charset)} COLLATE ${collation}`
    }
    default:
      return text
  }
}

/** With its introducer. */
function whole(text: string, charset: string): string {
  return text.startsWith("'") ? `_${charset}${text}` : text
}

/** How texts of a row are to be read. */
export interface RowTexts {
  /** By its name: that of the connection. */
  readonly collation: string
  readonly flavor: ServerFlavor
}

/**
 * What a user variable becomes that is given a column's value. `definition`: payload of the column's definition, of an answer
 * with character_set_results = NULL, which tells the collation of texts. `cell`: of a text row, a binary string.
 */
export function valueOfCell(
  definition: Buffer,
  cell: string | null | undefined,
  { collation, flavor }: RowTexts,
): VariableValue {
  const { type, flags, collationId } = decodeColumnDef(definition)
  const kind = kindOf(type, (flags & columnFlags.unsigned) !== 0)
  const isNull = cell === null || cell === undefined
  if (kind !== 'text') {
    const digits = () => (type === fieldTypes.bit ? numberOfBits(cell!) : cell!)
    return isNull ? { kind, collation, text: 'NULL' } : numberValue(kind, digits(), collation)
  }
  if (TEMPORAL.has(type))
    return isNull ? { kind, collation, text: 'NULL' } : textValue(Buffer.from(cell, 'latin1'), OF_TIMES)
  const own = collationById(collationId, flavor)?.name ?? 'utf8mb4_bin'
  return isNull ? { kind, collation: own, text: 'NULL' } : textValue(Buffer.from(cell, 'latin1'), own)
}

/** Of dates and times as text; these are ASCII. */
const OF_TIMES = 'latin1_swedish_ci'

/** All of a text row's cells. */
export function valuesOfRow(
  definitions: readonly Buffer[],
  row: Buffer,
  texts: RowTexts,
): readonly VariableValue[] {
  const cells = textCells(row, definitions.length)
  return definitions.map((definition, i) => valueOfCell(definition, cells[i], texts))
}

/** Whether this is the column of a variable that has never been set: MySQL says VARCHAR, MariaDB one byte more. */
export function isUnset(definition: Buffer): boolean {
  const { type, columnLength } = decodeColumnDef(definition)
  return type === fieldTypes.varString || columnLength === 16_777_216
}

function kindOf(type: number, isUnsigned: boolean): VariableValue['kind'] {
  if (type === fieldTypes.float || type === fieldTypes.double) return 'double'
  if (type === fieldTypes.decimal || type === fieldTypes.newDecimal) return 'decimal'
  if (type === fieldTypes.bit) return 'unsigned'
  if (!INTEGERS.has(type)) return 'text'
  return isUnsigned ? 'unsigned' : 'signed'
}

function numberOfBits(cell: string): string {
  return BigInt(`0x${Buffer.from(cell, 'latin1').toString('hex')}`).toString()
}

const INTEGERS: ReadonlySet<number> = new Set([
  fieldTypes.tiny,
  fieldTypes.short,
  fieldTypes.long,
  fieldTypes.int24,
  fieldTypes.longLong,
  fieldTypes.year,
])

const TEMPORAL: ReadonlySet<number> = new Set([
  fieldTypes.timestamp,
  fieldTypes.date,
  fieldTypes.time,
  fieldTypes.dateTime,
  fieldTypes.newDate,
])

/** collation_connection. */
export function connectionCollation({ items }: Settings): string {
  const own = items.get('collation_connection')
  if (own !== undefined) return unquoted(own)
  const names = items.get(NAMES)!
  return unquoted(names.slice(names.lastIndexOf(' ') + 1))
}
