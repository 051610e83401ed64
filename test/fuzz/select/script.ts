import { print } from './fragment.ts'
import { refill } from './rows.ts'
import { createTable } from './schema-sql.ts'
import type { Shrunk } from './shrink.ts'

/** A difference as SQL that a person can run: tables, rows, statement, and what was said to it. */
export function scriptOf({ situation, difference }: Shrunk): string {
  const { asked, changes, rows } = situation
  const statements = asked.steps.map(({ sql }) => print(sql, false).sql)
  const text = [...statements, ...(changes ?? [])].join('\n')
  const used = rows.filter(({ table }) => new RegExp(`\\b${table.name}\\b`).test(text))
  const lines: string[] = []
  for (const { table, rows: tableRows } of used) {
    const { keyspace, sharding } = table
    const placed =
      sharding === undefined
        ? 'not sharded'
        : `by ${JSON.stringify(sharding.vindex)} of (${sharding.columns})`
    lines.push(`-- ${keyspace}.${table.name}: ${placed}`, `USE ${keyspace};`, `${createTable(table)};`)
    for (const sql of refill({ table, rows: tableRows }).slice(1)) lines.push(`${sql};`)
  }
  lines.push('USE main;')
  if (changes !== undefined) lines.push('BEGIN;', ...changes.map((sql) => `${sql};`))
  for (const [i, sql] of statements.entries()) {
    if (asked.isPrepared) lines.push(`-- prepared as: ${print(asked.steps[i]!.sql, true).sql}`)
    lines.push(`${sql};`)
  }
  return [...lines, ...comment('expected', difference.expected), ...comment('got', difference.got)].join('\n')
}

const LINES_SHOWN = 12

export function comment(title: string, text: string): readonly string[] {
  const lines = text.split('\n')
  const shown = lines.slice(0, LINES_SHOWN).map((line) => `--   ${line}`)
  return [`-- ${title}:`, ...shown, ...(lines.length > LINES_SHOWN ? [`--   … ${lines.length} lines`] : [])]
}
