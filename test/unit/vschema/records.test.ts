import { describe, expect, test } from 'vitest'
import {
  parseKeyspaceVSchema,
  parseRoutingRules,
  parseShardRoutingRules,
} from '../../../src/vschema/records.ts'

const snake = {
  sharded: true,
  require_explicit_routing: true,
  foreign_key_mode: 'managed',
  multi_tenant_spec: { tenant_id_column_name: 'tenant', tenant_id_column_type: 'INT64' },
  vindexes: { hash: { type: 'hash', params: { a: 'b' }, owner: 'o' } },
  tables: {
    user: {
      column_vindexes: [{ column: 'id', name: 'hash' }],
      auto_increment: { column: 'id', sequence: 'user_seq' },
      columns: [
        { name: 'id', type: 'INT64', nullable: false },
        { name: 'kind', type: 'ENUM', values: ['a', 'b'], collation_name: 'utf8mb4_bin', default: "'a'" },
        { name: 'n', type: 'DECIMAL', size: 10, scale: '2', invisible: true },
      ],
      column_list_authoritative: true,
      pinned: '80',
      source: 's',
      type: 'reference',
    },
  },
}

/** The same JSON with its field names in camelCase. */
function camel(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(camel)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, member]) => [
      key.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      camel(member),
    ]),
  )
}

describe('a VSchema file', () => {
  test('is read the same in snake_case and camelCase', () => {
    const parsed = parseKeyspaceVSchema(snake, 'ks')
    expect(parsed.problems).toEqual([])
    expect(parseKeyspaceVSchema(camel(snake), 'ks')).toEqual(parsed)
    const user = parsed.record.tables.get('user')
    expect(user?.columnVindexes).toEqual([{ column: 'id', columns: [], name: 'hash' }])
    expect(user?.columns[1]).toEqual({
      name: 'kind',
      type: 'ENUM',
      invisible: false,
      default: "'a'",
      collation: 'utf8mb4_bin',
      nullable: true,
      values: ['a', 'b'],
    })
    expect(user?.columns[2]).toMatchObject({ size: 10, scale: 2, invisible: true })
    expect(parsed.record).toMatchObject({ sharded: true, foreignKeyMode: 'managed' })
  })

  test('may leave out everything', () => {
    const { record, problems } = parseKeyspaceVSchema({}, 'ks')
    expect(problems).toEqual([])
    expect(record).toMatchObject({ sharded: false, foreignKeyMode: 'unspecified' })
  })

  test('may give types and modes by number, and null for nothing', () => {
    const json = {
      tables: { t: { columns: [{ name: 'a', type: 265 }], pinned: null } },
      foreign_key_mode: 1,
      vindexes: null,
    }
    const { record, problems } = parseKeyspaceVSchema(json, 'ks')
    expect(problems).toEqual([])
    expect(record.tables.get('t')?.columns[0].type).toBe('INT64')
    expect(record.foreignKeyMode).toBe('disallow')
  })

  const mistakes: readonly [json: unknown, problem: string][] = [
    [{ shraded: true }, 'ks: unknown field "shraded"'],
    [{ tables: { t: { columnVindex: [] } } }, 'ks.tables.t: unknown field "columnVindex"'],
    [
      { tables: { t: { column_vindexes: [{ name: 'h', colum: 'id' }] } } },
      'ks.tables.t.column_vindexes[0]: unknown field "colum"',
    ],
    [{ vindexes: { h: { typ: 'hash' } } }, 'ks.vindexes.h: unknown field "typ"'],
    [{ vindexes: { h: { params: { n: 1 } } } }, 'ks.vindexes.h.params.n: must be a string: 1'],
    [{ tables: { t: { columns: [{ typo: 1 }] } } }, 'ks.tables.t.columns[0]: unknown field "typo"'],
    [{ tables: { t: { auto_increment: { col: 1 } } } }, 'ks.tables.t.auto_increment: unknown field "col"'],
    [{ sharded: 'true' }, 'ks.sharded: must be true or false: "true"'],
    [{ tables: [] }, 'ks.tables: must be an object: []'],
    [{ tables: { t: 1 } }, 'ks.tables.t: must be an object: 1'],
    [{ tables: { t: { columns: {} } } }, 'ks.tables.t.columns: must be a list: {}'],
    [
      { tables: { t: { columns: [{ type: 'INTEGER' }] } } },
      'ks.tables.t.columns[0].type: is not a type: "INTEGER"',
    ],
    [{ tables: { t: { columns: [{ size: 1.5 }] } } }, 'ks.tables.t.columns[0].size: must be an integer: 1.5'],
    [
      { foreign_key_mode: 'on' },
      'ks.foreign_key_mode: must be one of unspecified, disallow, unmanaged, managed: "on"',
    ],
    [{ foreign_key_mode: 'managed', foreignKeyMode: 'managed' }, 'ks: duplicate field "foreignKeyMode"'],
    [7, 'ks: must be an object: 7'],
  ]
  for (const [json, problem] of mistakes) {
    test(`mistake: ${problem}`, () => {
      const { problems, unknownFields } = parseKeyspaceVSchema(json, 'ks')
      const isUnknown = problem.includes('unknown field')
      expect({ problems, unknownFields }).toEqual({
        problems: isUnknown ? [] : [problem],
        unknownFields: isUnknown ? [problem] : [],
      })
    })
  }

  test('has all its mistakes reported', () => {
    const { problems, unknownFields } = parseKeyspaceVSchema({ a: 1, b: 2, sharded: 0 }, 'ks')
    expect([problems.length, unknownFields.length]).toEqual([1, 2])
  })
})

describe('rules', () => {
  test('for tables', () => {
    const { record, unknownFields } = parseRoutingRules(
      { rules: [{ from_table: 'a', to_tables: ['k.a'] }, { fromTable: 'b' }, { from: 'c' }] },
      'routing_rules',
    )
    expect(record.slice(0, 2)).toEqual([
      { fromTable: 'a', toTables: ['k.a'] },
      { fromTable: 'b', toTables: [] },
    ])
    expect(unknownFields).toEqual(['routing_rules.rules[2]: unknown field "from"'])
  })

  test('for shards', () => {
    const { record, problems } = parseShardRoutingRules(
      { rules: [{ from_keyspace: 'a', to_keyspace: 'b', shard: '-80' }] },
      'shard_routing_rules',
    )
    expect(record).toEqual([{ fromKeyspace: 'a', toKeyspace: 'b', shard: '-80' }])
    expect(problems).toEqual([])
  })
})
