import { readFileSync } from 'node:fs'
import type { Plan } from '../../../src/plan/plan.ts'
import { buildPlan, type PlanContext, tracePlan } from '../../../src/planner/build-plan.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { undeclaredTable } from '../../../src/vschema/build-table.ts'
import { buildVSchema } from '../../../src/vschema/build-vschema.ts'
import type { Column, Table, VSchema } from '../../../src/vschema/model.ts'
import { parseNormalized } from '../sql/support.ts'

export const plansFolder = new URL('../../plans/', import.meta.url)

const keyspaces = JSON.parse(readFileSync(new URL('vschema.json', plansFolder), 'utf8'))

const declared = buildVSchema(
  {
    keyspaces: new Map(Object.entries(keyspaces)),
    routingRules: [
      { fromTable: 'customer.goods', toTables: ['commerce.product'] },
      { fromTable: 'customer.tunes', toTables: ['customer.music'] },
    ],
  },
  { deps: { readFile: () => new Uint8Array() } },
)

/** Tables as they are when their columns have been read from a server; what is not declared is not known to rules. */
const vschema: VSchema = {
  ...declared,
  findTable(keyspace, name, type) {
    const view = keyspace === 'customer' ? views.get(name) : undefined
    if (view !== undefined) return { kind: 'found', table: view }
    const found = declared.findTable(keyspace, name, type)
    return found.kind === 'found' ? { ...found, table: withLive(found.table) } : found
  },
}

const live = new Map<Table, Table>()

/** Views as servers tell of them. */
const views = new Map(
  [
    {
      name: 'adults',
      columns: ['id', 'name'],
      query:
        'select `c`.`user`.`id` AS `id`,`c`.`user`.`name` AS `name` from `c`.`user` where `c`.`user`.`age` > 17',
    },
    {
      name: 'ages',
      columns: ['years', 'n'],
      query: 'select `c`.`user`.`age` AS `age`,count(0) AS `n` from `c`.`user` group by `c`.`user`.`age`',
    },
    { name: 'unread', columns: ['id'], query: '' },
  ].map(({ name, columns, query }): readonly [string, Table] => [
    name,
    {
      ...undeclaredTable('customer', name, {
        isSharded: true,
        live: {
          columns: columns.map((column) => columnNamed(column)),
          keys: [],
          shardRows: 0,
          view: { query, database: 'c' },
        },
      }),
    },
  ]),
)

function withLive(table: Table): Table {
  const known = live.get(table)
  if (known !== undefined) return known
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  for (const name of ['id', ...table.columnVindexes.flatMap((vindex) => vindex.columns)]) {
    if (!columns.has(name)) columns.set(name, columnNamed(name))
  }
  const made = {
    ...table,
    live: {
      columns: [...columns.values()].map(withDefinition),
      keys: table.name === 'user' || table.name === 'account' ? [PRIMARY_ID] : [],
      // Of others nothing is known.
      shardRows: table.name === 'music' ? 100_000 : 0,
    },
  }
  live.set(table, made)
  return made
}

const PRIMARY_ID = { kind: 'PRIMARY', name: 'PRIMARY', parts: [{ column: 'id', text: '`id`' }] } as const

function columnNamed(name: string): Column {
  return { name, type: 'INT64', nullable: false, invisible: false, autoIncrement: false, values: [] }
}

function withDefinition(column: Column): Column {
  const definition = `\`${column.name}\` ${column.type ?? 'INT64'}`
  return { ...column, stored: { definition, emptyDefinition: definition, keyFlags: 0 } }
}

export const context: PlanContext = {
  vschema,
  defaultKeyspace: 'customer',
  tabletType: 'primary',
  databaseName: (keyspace) => (keyspace === 'customer' ? 'customer' : undefined),
}

const options = { mode: 0, serverVersion: 90_700 }

/** Plans a statement as the session does: from its normalised text. */
export function planOf(sql: string, changes: Partial<PlanContext> = {}): Plan {
  const { statement, context } = planned(sql, changes)
  return buildPlan(statement, context)
}

export function traceOf(sql: string, changes: Partial<PlanContext> = {}): ReturnType<typeof tracePlan> {
  const { statement, context } = planned(sql, changes)
  return tracePlan(statement, context)
}

function planned(sql: string, changes: Partial<PlanContext>) {
  const text = Buffer.from(sql).latin1Slice()
  const scanned = scan(text, options.mode, options.serverVersion)
  const statement = parseNormalized(text, scanned, options)
  return { statement, context: { ...context, source: { sql: text, scan: scanned }, ...changes } }
}
