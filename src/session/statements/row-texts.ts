import { textCells } from '../../mysql/client/simple-command.ts'
import { decodeColumnDef } from '../../mysql/codec/column-def.ts'
import { NAMES, type Settings, withItems } from '../../tablet/settings.ts'
import { BINARY_COLLATION_ID, collationById } from '../../values/charsets.ts'
import { binaryLiteral, doubleLiteral, textLiteral } from '../../values/sql-literal.ts'
import { fieldTypes } from '../../values/types.ts'

const RESULTS = 'character_set_results'

/** For rows that become SQL text: a character set narrower than Unicode would have `?` in them. */
export function losslessTexts(settings: Settings): Settings {
  const results = settings.items.get(RESULTS) ?? settings.items.get(NAMES)!
  if (results === 'NULL' || results.startsWith("'utf8mb4'")) return settings
  return ownTexts(settings)
}

/** For rows that become values: texts come as they are, and their definitions tell of which collation. */
export function ownTexts(settings: Settings): Settings {
  return withItems(settings, new Map([...settings.items, [RESULTS, 'NULL']]))
}

/** Cells of a text-protocol row as SQL text that gives the same value again. `columns`: payloads of their definitions. */
export function textsOfRow(columns: readonly Buffer[], row: Buffer): readonly string[] {
  const cells = textCells(row, columns.length)
  return columns.map((definition, i) => {
    const cell = cells[i]
    if (cell === null || cell === undefined) return 'NULL'
    const { type, collationId } = decodeColumnDef(definition)
    if (NUMBERS.has(type)) return cell
    if (type === fieldTypes.float || type === fieldTypes.double) return doubleLiteral(cell)
    const bytes = Buffer.from(cell, 'latin1')
    if (collationId === BINARY_COLLATION_ID && type !== fieldTypes.dateTime) return binaryLiteral(bytes)
    return textLiteral(bytes, collationById(collationId)?.charset.name ?? 'utf8mb4')
  })
}

const NUMBERS: ReadonlySet<number> = new Set([
  fieldTypes.tiny,
  fieldTypes.short,
  fieldTypes.long,
  fieldTypes.int24,
  fieldTypes.longLong,
  fieldTypes.decimal,
  fieldTypes.newDecimal,
  fieldTypes.year,
])
