import type { GroupsCopy } from '../../plan/primitives.ts'
import type { QueryText } from '../../plan/text.ts'
import { quoteName } from '../../values/sql-literal.ts'
import type { Table, VSchema } from '../../vschema/model.ts'
import type { PlanContext } from '../plan-context.ts'
import type { Groups } from './groups-draft.ts'
import type { Pull } from './pull.ts'

export type TemplateText = QueryText & { readonly kind: 'Template' }

/** `overCopies`: the query of the groups, asked of the copies of its tables. */
export function groupsCopy(
  { columns, as, node }: Groups,
  overCopies: TemplateText,
  { rows }: Pull,
  kept: GroupsCopy['kept'],
): GroupsCopy {
  const { name } = node.name
  const quoted = quoteName(name)
  return {
    name,
    create: {
      kind: 'Template',
      template: [
        `CREATE TEMPORARY TABLE ${quoted} AS SELECT * FROM (`,
        ...overCopies.template,
        `) AS ${quoted} LIMIT 0`,
      ],
    },
    columns: columns.map((column) => quoteName(column.name)),
    rows: { kind: 'Pulled', rows, as, reduced: [] },
    kept,
  }
}

export function pullOfGroups(groups: Groups): Pull {
  const { node, columns, as, rows } = groups
  return {
    node,
    table: tableOf(groups),
    columns,
    empty: [],
    keys: [],
    conditions: [],
    lock: undefined,
    distinct: false,
    computed: [],
    rows,
    as,
  }
}

/** Where groups are tables, too. */
export function withTables(groups: readonly Groups[], context: PlanContext): PlanContext {
  const tables = new Map(groups.map((each) => [each.node.name.name, tableOf(each)]))
  const { vschema } = context
  const { keyspaces, defaultUnsharded, problems, unknownFields } = vschema
  const withGroups: VSchema = {
    keyspaces,
    ...(defaultUnsharded !== undefined && { defaultUnsharded }),
    problems,
    unknownFields,
    keyspaceOfShard: (keyspace, shard) => vschema.keyspaceOfShard(keyspace, shard),
    findTable(keyspace, name, type) {
      const table = tables.get(name)
      return table === undefined ? vschema.findTable(keyspace, name, type) : { kind: 'found', table }
    },
  }
  return { ...context, vschema: withGroups }
}

/** Shards make few groups of many rows. */
const GUESSED_ROWS = 100

function tableOf({ node, keyspace, columns, isOneRow }: Groups): Table {
  return {
    keyspace,
    sharded: false,
    name: node.name.name,
    type: 'normal',
    columnVindexes: [],
    vindexesByCost: [],
    columns,
    columnListAuthoritative: true,
    live: { columns, keys: [], shardRows: isOneRow ? 1 : GUESSED_ROWS },
    referencedBy: new Map(),
  }
}
