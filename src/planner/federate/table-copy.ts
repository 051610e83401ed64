import type { CopySource, TableCopy } from '../../plan/primitives.ts'
import type { Column, StoredKey } from '../../values/column.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { Wanted } from './pull.ts'

/** Name of the copy with this number. It hides no table of a keyspace that has a name like this. */
export function copyName(number: number): string {
  return `_shardgate_copy_${number}`
}

export function tableCopy(
  name: string,
  { table, columns, empty, keys, node }: Pick<Wanted, 'node' | 'table' | 'columns' | 'empty' | 'keys'>,
  rows: CopySource,
  kept: TableCopy['kept'],
): TableCopy {
  const all = [...columns, ...empty]
  const names = new Set(columns.map((column) => column.name))
  const isGenerated = ({ stored }: Column) =>
    stored?.generated?.of.every((other) => names.has(other)) === true
  const create = (definitionOf: (column: Column) => string | undefined, own: readonly StoredKey[]) => {
    const definitions = [...columns.map(definitionOf), ...empty.map(({ stored }) => stored?.emptyDefinition)]
    return createText(
      name,
      definitions.filter((definition) => definition !== undefined),
      keyTexts(all, own),
    )
  }
  const asValue = ({ stored }: Column) => stored?.definition
  const asGenerated = (column: Column) =>
    isGenerated(column) ? column.stored?.generated?.definition : asValue(column)
  return {
    name,
    create: create(asValue, keys),
    ...(columns.some(isGenerated) && { createGenerated: create(asGenerated, keys) }),
    createLoose: create(asValue, keys.map(withoutUniqueness)),
    columns: columns.map((column) => quoteName(column.name)),
    rows,
    kept,
    shown: {
      keyspace: table.keyspace,
      table: table.name,
      alias: node.alias?.name ?? node.name.name,
      keyFlags: new Map(all.map((column) => [column.name, column.stored?.keyFlags ?? 0])),
    },
  }
}

/** Keys all of whose columns are copied; of the others, one for each column that they have in the copy. */
function keyTexts(columns: readonly Column[], keys: readonly StoredKey[]): readonly string[] {
  const copied = new Set(columns.map(({ name }) => name))
  const whole = keys.filter(({ parts }) => parts.every(({ column }) => copied.has(column)))
  const covered = new Set(whole.flatMap(({ parts }) => parts.map(({ column }) => column)))
  const parts = new Map(
    keys.flatMap((key) =>
      key.parts.flatMap((part) =>
        copied.has(part.column) && !covered.has(part.column) ? [[part.column, part.text] as const] : [],
      ),
    ),
  )
  return [
    ...whole.map(({ kind, parts: own }) => `${keyWords[kind]} (${own.map(({ text }) => text).join(', ')})`),
    ...[...parts.values()].map((text) => `KEY (${text})`),
  ]
}

const keyWords: Readonly<Record<StoredKey['kind'], string>> = {
  PRIMARY: 'PRIMARY KEY',
  UNIQUE: 'UNIQUE KEY',
  SPATIAL: 'SPATIAL KEY',
  plain: 'KEY',
}

function withoutUniqueness(key: StoredKey): StoredKey {
  return key.kind === 'PRIMARY' || key.kind === 'UNIQUE' ? { ...key, kind: 'plain' } : key
}

function createText(name: string, definitions: readonly string[], keys: readonly string[]): string {
  return `CREATE TEMPORARY TABLE ${quoteName(name)} (${[...definitions, ...keys].join(', ')}) ENGINE=InnoDB`
}
