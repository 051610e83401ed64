import type { Difference } from '../select/compare-answers.ts'
import { print } from '../select/fragment.ts'
import { hiddenTables } from '../select/hidden-tables.ts'
import { refill, type TableRows } from '../select/rows.ts'
import type { Schema } from '../select/schema.ts'
import { createTable, vschemaOf } from '../select/schema-sql.ts'
import { comment } from '../select/script.ts'
import { preparedSteps } from './player.ts'
import type { Script, Step } from './script.ts'

/** A difference as SQL that a person can run: tables, rows, steps, and what was said to the last of them. */
export function scriptText(
  { mode, steps }: Script,
  { expected, got }: Difference,
  { schema, rows }: { readonly schema: Schema; readonly rows: readonly TableRows[] },
): string {
  const text = steps.map(({ sql }) => print(sql, false).sql).join('\n')
  const used = rows.filter(({ table }) => new RegExp(`\\b${table.name}\\b`).test(text))
  const lines = used.flatMap(({ table, rows: tableRows }) => {
    const keyspace = schema.keyspaces.find(({ name }) => name === table.keyspace)!
    const { vindexes, tables } = vschemaOf({ ...keyspace, tables: [table] }, schema) as Record<string, object>
    const lookups = schema.keyspaces.flatMap(({ name }) =>
      hiddenTables(schema, name)
        .filter((hidden) => hidden.name.startsWith(`${table.name}_`))
        .map(({ sql }) => `-- in ${name}: ${sql.replaceAll('\n', ' ')}`),
    )
    return [
      `-- ${table.keyspace}: ${JSON.stringify({ vindexes, tables })}`,
      ...lookups,
      `USE ${table.keyspace};`,
      `${createTable(table)};`,
      ...refill({ table, rows: tableRows })
        .slice(1)
        .map((sql) => `${sql};`),
    ]
  })
  lines.push(
    'USE main;',
    ...(mode === 'multi' ? [] : [`SET transaction_mode = '${mode}';`]),
    ...steps.flatMap(linesOf),
  )
  return [...lines, ...comment('expected', expected), ...comment('got', got)].join('\n')
}

function linesOf({ how, session, sql }: Step): readonly string[] {
  const lines = how === 'sql' ? preparedSteps(print(sql, true)) : [print(sql, false).sql]
  const notes = [
    ...(session === 1 ? ['-- the other session:'] : []),
    ...(how === 'binary' ? [`-- prepared as: ${print(sql, true).sql}`] : []),
  ]
  return [...notes, ...lines.map((line) => `${line};`)]
}
