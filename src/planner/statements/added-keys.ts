import type { RunDdl } from '../../plan/write-primitives.ts'
import type { Ddl } from '../../sql/ast.ts'
import { type ForeignKeyRule, isForeignKeyRule, type StoredForeignKey } from '../../values/foreign-key.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { existingTable } from '../binding/named-tables.ts'
import type { PlanContext } from '../plan-context.ts'
import { type DdlWords, wordsOf } from './ddl-words.ts'

/**
 * ALTER TABLE of a table with foreign keys over shards, in a keyspace where they are managed: a server that copies it, or adds a key,
 * looks for what the rows refer to on its own shard. Undefined for all else.
 */
export function uncheckedAlter(statement: Ddl, context: PlanContext): RunDdl['unchecked'] {
  const { verb, object, names } = statement
  const [name] = names
  const isChecked = context.shard === undefined && context.foreignKeyChecks !== false
  if (verb !== 'alter' || object !== 'table' || name === undefined || !isChecked) return undefined
  const table = existingTable(name, context)
  const keyspace = context.vschema.keyspaces.get(table.keyspace)
  if (keyspace?.foreignKeyMode !== 'managed' || !keyspace.sharded) return undefined
  const added = addedKeys(wordsOf(statement, context), table.name)
  if (added.length === 0 && keyspace.tables.get(table.name)?.foreignKeys?.byServers !== false)
    return undefined
  return added.map((stored) => {
    const key = { ...stored, keyspace: table.keyspace, child: table.name, parentTypes: [], dated: [] }
    return { key, orphans: orphansOf(key) }
  })
}

/** Rows that refer to what is not there. */
function orphansOf(key: StoredForeignKey & { readonly keyspace: string; readonly child: string }): string {
  const table = (name: string) => `${quoteName(key.keyspace)}.${quoteName(name)}`
  const columns = key.columns.map((name) => `c.${quoteName(name)}`)
  const parents = key.parentColumns.map((name) => `p.${quoteName(name)}`)
  const on = columns.map((column, i) => `${column} = ${parents[i]}`).join(' AND ')
  const isSet = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
  return `SELECT 1 FROM ${table(key.child)} AS c LEFT JOIN ${table(key.parent)} AS p ON ${on} WHERE ${isSet} AND ${parents[0]} IS NULL LIMIT 1`
}

/** `[CONSTRAINT [name]] FOREIGN KEY [name] (columns) REFERENCES table (columns) [ON DELETE rule] [ON UPDATE rule]`, each. */
function addedKeys({ words, texts }: DdlWords, table: string): readonly StoredForeignKey[] {
  const keys: StoredForeignKey[] = []
  for (const [at, word] of words.entries()) {
    if (word !== 'FOREIGN' || words[at + 1] !== 'KEY' || words[at - 1] === 'DROP') continue
    const open = words.indexOf('(', at)
    const references = words.indexOf('REFERENCES', open)
    if (open < 0 || references < 0) continue
    const parentOpen = words.indexOf('(', references)
    const isNamed = words[at - 2] === 'CONSTRAINT'
    const name = isNamed ? texts[at - 1] : open > at + 2 ? texts[at + 2] : undefined
    keys.push({
      name: name === undefined ? `${table}_ibfk_${keys.length + 1}` : unquoted(name),
      columns: listFrom(texts, open),
      parent: unquoted(texts[parentOpen - 1]!),
      parentColumns: listFrom(texts, parentOpen),
      onDelete: ruleIn(words, parentOpen, 'DELETE'),
      onUpdate: ruleIn(words, parentOpen, 'UPDATE'),
    })
  }
  return keys
}

function listFrom(texts: readonly string[], open: number): readonly string[] {
  const inside = texts.slice(open + 1, texts.indexOf(')', open))
  return inside.filter((text) => text !== ',').map(unquoted)
}

/** Up to what is defined next. */
function ruleIn(words: readonly string[], from: number, event: 'DELETE' | 'UPDATE'): ForeignKeyRule {
  const next = words.indexOf('REFERENCES', from)
  const at = words.findIndex(
    (word, i) => i > from && (next < 0 || i < next) && word === 'ON' && words[i + 1] === event,
  )
  const rule =
    at < 0 ? undefined : [`${words[at + 2]} ${words[at + 3]}`, words[at + 2]!].find(isForeignKeyRule)
  return rule ?? 'NO ACTION'
}

/** Of SQL text, which is a binary string. */
function unquoted(text: string): string {
  const name = /^[`"]/.test(text) ? text.slice(1, -1).replaceAll('``', '`') : text
  return Buffer.from(name, 'latin1').toString()
}
