import { describe, expect, test } from 'vitest'
import { buildVSchema, type VSchemaSource, validateKeyspace } from '../../../src/vschema/build-vschema.ts'
import type { Column, ColumnSource, TabletTypeName, VSchema } from '../../../src/vschema/model.ts'
import { resolutionError } from '../../../src/vschema/resolution-error.ts'

const deps = { readFile: () => new Uint8Array(0) }
const byId = { column_vindexes: [{ column: 'id', name: 'hash' }] }
const hash = { hash: { type: 'hash' } }

function sharded(tables: Record<string, unknown>, vindexes: Record<string, unknown> = hash) {
  return { sharded: true, vindexes, tables }
}

function build(
  keyspaces: Record<string, unknown>,
  rules: Omit<VSchemaSource, 'keyspaces'> = {},
  columns?: ColumnSource,
): VSchema {
  const source = { keyspaces: new Map(Object.entries(keyspaces)), ...rules }
  return buildVSchema(source, columns === undefined ? { deps } : { deps, columns })
}

/** `keyspace.table` of what is found, or the error's text. */
function find(
  vschema: VSchema,
  keyspace: string | undefined,
  table: string,
  type: TabletTypeName = 'primary',
): string {
  const found = vschema.findTable(keyspace, table, type)
  return found.kind === 'found'
    ? `${found.table.keyspace}.${found.table.name}`
    : resolutionError(found).message
}

function notInVSchema(keyspace: string, table: string): string {
  return `Table '${keyspace}.${table}' is in no VSchema: add it to that of '${keyspace}' (shardgate ctl vschema apply)`
}

function tableOf(vschema: VSchema, keyspace: string, name: string) {
  const table = vschema.keyspaces.get(keyspace)?.tables.get(name)
  if (table === undefined) throw new Error(`${keyspace}.${name} is not there`)
  return table
}

describe('a mistake in a VSchema', () => {
  const lookups = {
    ...hash,
    owned: { type: 'lookup_unique', params: { table: 'l' }, owner: 't' },
    many: { type: 'lookup', params: { table: 'l' } },
    region: { type: 'region_experimental', params: { region_bytes: '1' } },
  }
  const mistakes: readonly [table: Record<string, unknown>, problem: string][] = [
    [{}, 'missing primary col vindex for table: t'],
    [{ column_vindexes: [{ column: 'id', name: 'x' }] }, 'vindex x not found for table t'],
    [
      { column_vindexes: [{ column: 'id', columns: ['id'], name: 'hash' }] },
      "can't use column and columns at the same time in vindex (hash) and table (t)",
    ],
    [
      { column_vindexes: [{ name: 'hash' }] },
      'must specify at least one column for vindex (hash) and table (t)',
    ],
    [{ column_vindexes: [{ column: 'a', name: 'many' }] }, 'primary vindex many is not Unique for table t'],
    [
      { column_vindexes: [{ column: 'a', name: 'owned' }] },
      'primary vindex owned cannot be owned for table t',
    ],
    [
      { column_vindexes: [...byId.column_vindexes, { columns: ['a', 'b'], name: 'region' }] },
      'multi-column vindex region should be a primary vindex for table t',
    ],
    [
      { column_vindexes: [{ columns: ['a', 'b', 'c'], name: 'region' }] },
      'multi-column vindex region takes 2 columns, not 3, for table t',
    ],
    [{ type: 'view' }, 'unidentified table type view'],
    [{ type: 'sequence' }, 'sequence table has to be in an unsharded keyspace or must be pinned: t'],
    [{ pinned: '8' }, "could not decode the keyspace id for pin: invalid hexadecimal keyspace id: '8'"],
    [{ ...byId, columns: [{ name: 'a' }, { name: 'A' }] }, "duplicate column name 'A' for table: t"],
    [
      { ...byId, auto_increment: { column: 'id', sequence: 'x.s' } },
      "cannot resolve sequence x.s: VT05003: unknown database 'x' in vschema",
    ],
    [
      { ...byId, auto_increment: { column: 'id', sequence: 'lost' } },
      'cannot resolve sequence lost: table lost not found',
    ],
    [
      { type: 'reference', source: 'ks.r' },
      'source "ks.r" may not reference a table in the same keyspace as table: t',
    ],
    [{ type: 'reference', source: 'x.r' }, 'source "x.r" references a non-existent keyspace "x"'],
    [
      { type: 'reference', source: 'other.r' },
      'source "other.r" references a table "r" that is not present in the VSchema of keyspace "other"',
    ],
    [
      { type: 'reference', source: 'other.s' },
      'source "other.s" may not reference a table of type "sequence": t',
    ],
    [
      { type: 'reference', source: 'other.chained' },
      'reference chaining is not allowed t => other.chained => third.r: t',
    ],
  ]
  const others = {
    other: { tables: { s: { type: 'sequence' }, chained: { type: 'reference', source: 'third.r' } } },
    third: { tables: { r: {} } },
  }
  for (const [table, problem] of mistakes) {
    test(problem, () => {
      const vschema = build({ ks: sharded({ t: table }, lookups), ...others })
      expect(find(vschema, 'ks', 't')).toBe(problem)
      expect(vschema.problems).toEqual([`ks.tables.t: ${problem}`])
    })
  }

  test('two copies of one source in a keyspace', () => {
    const copy = { type: 'reference', source: 'other.r' }
    const vschema = build({ ks: sharded({ b: copy, a: copy }), other: { tables: { r: {} } } })
    expect(vschema.problems).toEqual([
      'ks.tables.a: source "other.r" may not be referenced more than once per keyspace: a, b',
    ])
  })

  test('stays in its keyspace: the others work', () => {
    const vschema = build({
      bad: { sharded: 'yes', tables: { t: byId } },
      good: sharded({ u: byId }),
      plain: {},
    })
    expect(find(vschema, 'bad', 't')).toContain('bad.sharded: must be true or false: "yes"')
    expect(find(vschema, 'good', 'u')).toBe('good.u')
    expect(find(vschema, 'plain', 'x')).toBe('plain.x')
  })

  test('stays in its table: the rest of the keyspace works', () => {
    const vschema = build({
      ks: sharded(
        { good: byId, bad: { columns: {} }, lost: { column_vindexes: [{ column: 'id', name: 'hsah' }] } },
        { ...hash, hsah: { type: 'hsah' }, odd: { params: 1 } },
      ),
    })
    expect(find(vschema, 'ks', 'good')).toBe('ks.good')
    expect(find(vschema, 'ks', 'bad')).toMatch(
      /^ks\.tables\.bad\.columns: must be a list: \{\}; missing primary/,
    )
    expect(find(vschema, 'ks', 'lost')).toBe('vindex hsah: vindexType "hsah" not found')
    expect(vschema.keyspaces.get('ks')?.error).toBeUndefined()
    expect(vschema.problems).toHaveLength(4)
  })

  test('is not what Vitess passes over: a field that is not in the format', () => {
    const vindex = { column: 'id', name: 'hash', type: 'hash' }
    const vschema = build({ ks: sharded({ t: { name: 't', column_vindexes: [vindex] } }) })
    expect(find(vschema, 'ks', 't')).toBe('ks.t')
    expect(vschema.problems).toEqual([])
    expect(vschema.unknownFields).toEqual([
      'ks.tables.t: unknown field "name"',
      'ks.tables.t.column_vindexes[0]: unknown field "type"',
    ])
  })

  test('of the JSON keeps its path', () => {
    expect(build({ ks: { tables: { t: { type: 1 } } } }).problems).toEqual([
      'ks.tables.t.type: must be a string: 1',
    ])
  })

  test('of a vindex names it', () => {
    expect(validateKeyspace('ks', sharded({}, { v: { type: 'hsah' } }), deps)).toEqual([
      'ks: vindex v: vindexType "hsah" not found',
    ])
  })

  test('of a file that cannot be read names the vindex', () => {
    const failing = {
      readFile: (path: string) => {
        throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', syscall: 'open' })
      },
    }
    const json = sharded({}, { v: { type: 'numeric_static_map', params: { json_path: '/no/map' } } })
    expect(validateKeyspace('ks', json, failing)).toEqual(['ks: vindex v: ENOENT: /no/map'])
  })
})

describe('column vindexes', () => {
  const vindexes = {
    ...hash,
    three: { type: 'multicol', params: { column_count: '3' } },
    name_lookup: { type: 'lookup_unique', params: { table: 'l', write_only: 'true' }, owner: 't' },
    null: { type: 'null' },
  }
  const vschema = build({
    ks: sharded(
      {
        t: {
          column_vindexes: [
            { column: 'a', name: 'null' },
            { column: 'n', name: 'name_lookup' },
            { column: 'id', name: 'hash' },
          ],
        },
        m: { column_vindexes: [{ columns: ['a', 'b', 'c'], name: 'three' }] },
      },
      vindexes,
    ),
  })

  test('are sorted by cost for choice', () => {
    const table = tableOf(vschema, 'ks', 't')
    expect(table.columnVindexes.map(({ name }) => name)).toEqual(['null', 'name_lookup', 'hash'])
    expect(table.vindexesByCost.map(({ name }) => name)).toEqual(['hash', 'name_lookup', 'null'])
  })

  test('of an owned lookup table say so', () => {
    const [, lookup] = tableOf(vschema, 'ks', 't').columnVindexes
    expect(lookup).toMatchObject({ owned: true, backfilling: true, unique: true, cost: 10 })
  })

  test('over several columns come with their prefixes, each column less costing one more', () => {
    expect(
      tableOf(vschema, 'ks', 'm').columnVindexes.map(({ columns, cost, partial, unique }) => {
        return { columns: columns.join(), cost, partial, unique }
      }),
    ).toEqual([
      { columns: 'a,b,c', cost: 3, partial: false, unique: true },
      { columns: 'a,b', cost: 4, partial: true, unique: false },
      { columns: 'a', cost: 5, partial: true, unique: false },
    ])
  })
})

describe('finding a table', () => {
  const vschema = build({
    user: sharded({ user: byId, music: byId, country: { type: 'reference', source: 'main.country' } }),
    extra: sharded({ music: byId }),
    main: { tables: { user_seq: { type: 'sequence' }, country: {} } },
    hidden: { require_explicit_routing: true, tables: { user: {}, secret: {} } },
  })
  const cases: readonly [keyspace: string | undefined, table: string, result: string][] = [
    ['user', 'user', 'user.user'],
    ['main', 'undeclared', 'main.undeclared'],
    ['user', 'undeclared', notInVSchema('user', 'undeclared')],
    ['nowhere', 'user', "Unknown database 'nowhere'"],
    [undefined, 'user', 'user.user'],
    [undefined, 'music', 'ambiguous table reference: music'],
    [undefined, 'country', 'main.country'],
    [undefined, 'secret', 'No database selected'],
    [undefined, 'undeclared', 'No database selected'],
    ['hidden', 'secret', 'hidden.secret'],
  ]
  for (const [keyspace, table, result] of cases) {
    test(`${keyspace ?? '(none)'}.${table}: ${result}`, () => {
      expect(find(vschema, keyspace, table)).toBe(result)
    })
  }

  test('by its name alone takes any table of the only keyspace, if that is unsharded', () => {
    expect(find(build({ only: {} }), undefined, 'x')).toBe('only.x')
    expect(find(build({ only: sharded({}) }), undefined, 'x')).toBe(notInVSchema('only', 'x'))
  })

  test('ties a reference table to its source, both ways', () => {
    expect(tableOf(vschema, 'user', 'country').source).toEqual({ keyspace: 'main', table: 'country' })
    expect([...tableOf(vschema, 'main', 'country').referencedBy.keys()]).toEqual(['user'])
  })

  test('finds the source of a reference by its name alone', () => {
    const copy = build({ a: sharded({ r: { type: 'reference', source: 'r' } }), b: { tables: { r: {} } } })
    expect(tableOf(copy, 'a', 'r').source).toEqual({ keyspace: 'b', table: 'r' })
    expect(find(copy, undefined, 'r')).toBe('b.r')
  })
})

describe('routing rules', () => {
  const rule = (fromTable: string, ...toTables: string[]) => ({ fromTable, toTables })
  const vschema = build(
    { a: sharded({ t: byId }), u: {} },
    {
      routingRules: [
        rule('t', 'u.t'),
        rule('u.t@replica', 'a.t'),
        rule('a.t', 'u.t2'),
        rule('off'),
        rule('u.off@rdonly'),
        rule('twice', 'a.t'),
        rule('twice', 'u.t'),
        rule('many', 'a.t', 'u.t'),
        rule('bare', 't'),
        rule('lost', 'x.t'),
        rule('gone', 'a.x'),
        rule('odd@master', 'a.t'),
      ],
    },
  )
  const form =
    'it must be of the qualified form <keyspace_name>.<table_name> (dots are not allowed in either name)'
  const cases: readonly [string | undefined, string, TabletTypeName, string][] = [
    [undefined, 't', 'primary', 'u.t'],
    ['u', 't', 'primary', 'u.t'],
    ['u', 't', 'replica', 'a.t'],
    ['u', 't', 'rdonly', 'u.t'],
    ['a', 't', 'primary', 'u.t2'],
    [undefined, 'off', 'primary', 'table off has been disabled'],
    ['u', 'off', 'primary', 'u.off'],
    ['u', 'off', 'rdonly', 'table off has been disabled'],
    [undefined, 'twice', 'primary', 'duplicate rule for entry twice'],
    [undefined, 'many', 'primary', 'table many has more than one target: [a.t u.t]'],
    [undefined, 'bare', 'primary', `invalid table name: 't', ${form}`],
    [undefined, 'lost', 'primary', "VT05003: unknown database 'x' in vschema"],
    [undefined, 'gone', 'primary', 'table x not found'],
  ]
  for (const [keyspace, table, type, result] of cases) {
    test(`${keyspace ?? '(none)'}.${table}@${type}: ${result}`, () => {
      expect(find(vschema, keyspace, table, type)).toBe(result)
    })
  }

  test('that are wrong are among the problems', () => {
    expect(vschema.problems).toContain(
      'routing rule odd@master: the tablet type must be one of @primary, @replica, @rdonly',
    )
    expect(vschema.problems.filter((problem) => problem.startsWith('routing rule'))).toHaveLength(6)
  })

  test('apply to sequences', () => {
    const table = { ...byId, auto_increment: { column: 'id', sequence: 'u.s' } }
    const routed = build({ a: sharded({ t: table }), u: {}, v: {} }, { routingRules: [rule('u.s', 'v.s2')] })
    expect(tableOf(routed, 'a', 't').autoIncrement).toEqual({
      column: 'id',
      sequence: { keyspace: 'v', table: 's2' },
    })
  })

  test('for shards name the keyspace that serves them', () => {
    const moving = build(
      { a: {}, b: {} },
      { shardRoutingRules: [{ fromKeyspace: 'a', toKeyspace: 'b', shard: '-80' }] },
    )
    expect(moving.keyspaceOfShard('a', '-80')).toBe('b')
    expect(moving.keyspaceOfShard('a', '80-')).toBe('a')
  })
})

describe('columns of a live database', () => {
  const column = (name: string): Column => {
    return { name, type: 'INT64', nullable: true, invisible: false, autoIncrement: false, values: [] }
  }
  const source: ColumnSource = {
    tableOf: (_keyspace, table) =>
      table === 'unseen' ? undefined : { columns: [column(`${table}_live`)], keys: [], shardRows: 0 },
    tablesOf: (keyspace) => (keyspace === 'plain' ? ['found', 'both'] : ['both']),
  }
  const said = { ...byId, columns: [{ name: 'said' }] }
  const vschema = build(
    {
      ks: sharded({ t: said, fixed: { ...said, column_list_authoritative: true }, unseen: said }),
      plain: {},
    },
    {},
    source,
  )
  const columns = (keyspace: string, table: string) => {
    const { columns: known, columnListAuthoritative } = tableOf(vschema, keyspace, table)
    return [known.map(({ name }) => name).join(), columnListAuthoritative]
  }

  test('replace those of the VSchema unless that list is authoritative', () => {
    expect(columns('ks', 't')).toEqual(['t_live', true])
    expect(columns('ks', 'fixed')).toEqual(['said', true])
    expect(columns('ks', 'unseen')).toEqual(['said', false])
  })

  test('make the tables of unsharded keyspaces known, by their names alone too', () => {
    expect(columns('plain', 'found')).toEqual(['found_live', true])
    expect(find(vschema, undefined, 'found')).toBe('plain.found')
  })

  test('do not make a sharded table out of one without a vindex', () => {
    expect(find(vschema, 'ks', 'both')).toBe(notInVSchema('ks', 'both'))
  })

  test('tell of a table that is in neither place what MySQL would', () => {
    expect(find(vschema, 'ks', 'nowhere')).toBe("Table 'ks.nowhere' doesn't exist")
  })
})

describe('a default unsharded keyspace', () => {
  const keyspaces = {
    main: sharded({ users: byId }),
    other: sharded({ notes: byId }),
    rest: { tables: { declared: {} } },
    plain: {},
  }
  const vschema = buildVSchema(
    { keyspaces: new Map(Object.entries(keyspaces)) },
    { deps, defaultUnsharded: 'rest' },
  )

  test('has the tables that a sharded keyspace does not name, and of no keyspace', () => {
    expect(find(vschema, 'main', 'users')).toBe('main.users')
    expect(find(vschema, 'main', 'books')).toBe('rest.books')
    expect(find(vschema, 'main', 'notes')).toBe('rest.notes')
    expect(find(vschema, undefined, 'notes')).toBe('other.notes')
    expect(find(vschema, undefined, 'books')).toBe('rest.books')
    expect(find(vschema, 'plain', 'books')).toBe('plain.books')
    expect(find(vschema, 'nowhere', 'books')).toBe("Unknown database 'nowhere'")
  })

  test('keeps to itself what its own VSchema names', () => {
    expect(find(vschema, 'main', 'declared')).toBe(notInVSchema('main', 'declared'))
  })

  test.each([
    ['main', 'is sharded'],
    ['nowhere', 'does not exist'],
  ])('cannot be %s, which %s', (name, why) => {
    const { defaultUnsharded, problems } = buildVSchema(
      { keyspaces: new Map(Object.entries(keyspaces)) },
      { deps, defaultUnsharded: name },
    )
    expect(defaultUnsharded).toBeUndefined()
    expect(problems).toEqual([`default_unsharded_keyspace: keyspace '${name}' ${why}; name an unsharded one`])
  })
})
