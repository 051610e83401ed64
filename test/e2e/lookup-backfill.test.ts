import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ctlCommand } from '../../src/cli/ctl/ctl-command.ts'
import { backfill } from '../../src/cli/ctl/lookup/backfill.ts'
import { withoutTable } from '../../src/cli/ctl/lookup/definition.ts'
import { findLookup } from '../../src/cli/ctl/lookup/place.ts'
import { ShardConnections } from '../../src/cli/ctl/lookup/shard-connection.ts'
import { TopologyAdmin } from '../../src/topology/admin.ts'
import { readLookupWork } from '../../src/topology/lookup-work.ts'
import { readSnapshot } from '../../src/topology/read-snapshot.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/** `ctl lookup` over a cluster whose rows are written meanwhile. */
const SCHEMA = `CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(60), team INT, born DATE, KEY (email), KEY (team));
CREATE TABLE notes (owner BIGINT NOT NULL, name VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, topic VARCHAR(20) CHARACTER SET latin1,
  PRIMARY KEY (name, owner), KEY (topic));`

const VSCHEMA = {
  sharded: true,
  vindexes: { hash: { type: 'hash' }, xxhash: { type: 'xxhash' } },
  tables: {
    people: { column_vindexes: [{ column: 'id', name: 'hash' }] },
    notes: { column_vindexes: [{ column: 'owner', name: 'xxhash' }] },
  },
}

const ROWS = 600

onEachServer((server) => {
  const dir = tempDir('lookup-backfill')
  let cluster: TestCluster
  let proxy: TestProxy
  let client: ProtocolClient

  beforeAll(async () => {
    for (const [name, sql, vschema] of [
      ['main', SCHEMA, VSCHEMA],
      ['plain', '', { sharded: false }],
    ] as const) {
      mkdirSync(join(dir.path, name), { recursive: true })
      writeFileSync(join(dir.path, name, 'schema.sql'), sql)
      writeFileSync(join(dir.path, name, 'vschema.json'), JSON.stringify(vschema))
    }
    cluster = await startCluster({ server, shards: 2, isOneMysqld: true, schemaDir: dir.path })
    proxy = await startTestProxy(cluster)
    client = await connectTo(proxy)
    const people = Array.from({ length: ROWS }, (_, i) => {
      const email = i % 7 === 0 ? 'NULL' : `'P${i}@x'`
      return `(${i - 20}, ${email}, ${i % 5 === 0 ? 'NULL' : i % 13}, '2000-01-${String((i % 28) + 1).padStart(2, '0')}')`
    })
    await run(`INSERT INTO main.people VALUES ${people.join(', ')}`)
    const notes = Array.from(
      { length: ROWS },
      (_, i) => `(${i % 50}, 'n${i}', 'topic ${'äöü'[i % 3]}${i % 9}')`,
    )
    await run(`INSERT INTO main.notes VALUES ${notes.join(', ')}`)
  }, 120_000)
  afterAll(async () => {
    client?.close()
    await proxy?.close()
    await cluster?.close()
    dir.remove()
  })

  async function run(sql: string, of = client): Promise<void> {
    const [result] = await of.query(sql)
    if (result!.kind === 'error') throw new Error(`${result!.message}: ${sql}`)
  }

  async function rows(sql: string): Promise<readonly string[]> {
    const [result] = await client.query(sql)
    if (result!.kind !== 'rows') throw new Error(`${JSON.stringify(result)}: ${sql}`)
    return result!.rows.map((row) => textRow(row).join(' '))
  }

  async function start(args: readonly string[], finish: (exitCode: number) => void): Promise<void> {
    const { user, password } = cluster.account
    const topology = ['--topology-type', 'files', '--topology-dir', cluster.topologyConfig.dir!]
    const backend = ['--backend-user', user, '--backend-password', password]
    await ctlCommand(finish)
      .exitOverride()
      .parseAsync([...topology, 'lookup', ...args, ...backend], { from: 'user' })
  }

  /** As the shell runs it. */
  async function ctl(
    ...args: readonly string[]
  ): Promise<{ readonly out: string; readonly exitCode: number }> {
    let out = ''
    let exitCode = 0
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      out += String(chunk)
      return true
    })
    try {
      await start(args, (code) => {
        exitCode = code
      })
    } finally {
      write.mockRestore()
    }
    await eventually('the proxy has the topology', async () => {
      const now = await readSnapshot(cluster.store)
      return JSON.stringify([...now.vschemas]) === JSON.stringify([...cluster.topology.current().vschemas])
    })
    return { out, exitCode }
  }

  function createEmails(type: string, ...more: readonly string[]) {
    const table = ['--owner', 'people', '--columns', 'email', '--table', 'main.email_ids', '--to', 'id']
    return ctl('create', 'main', 'by_email', '--type', type, ...table, ...more)
  }

  const fill = (vindex: string, ...more: readonly string[]) =>
    ctl('backfill', 'main', vindex, '--settle', '0', ...more)

  test.each([
    ['consistent_lookup_unique', 'lookup'],
    ['lookup_unique', 'consistent_lookup'],
    ['lookup_unicodeloosemd5_hash_unique', 'lookup_hash'],
  ])(
    'a table is filled while it is written: %s, %s',
    async (unique, other) => {
      await createEmails(unique)
      const team = ['--owner', 'people', '--columns', 'team', '--table', 'plain.team_ids', '--from', 'number']
      const created = await ctl('create', 'main', 'by_team', '--type', other, ...team)
      expect(created.out).toMatch(
        /created vindex by_team of main.people, write_only, with table plain.team_ids\nnext:/,
      )
      let isOver = false
      const writers = await Promise.all([1, 2, 3].map(() => connectTo(proxy)))
      const written = writers.map(async (writer, w) => {
        // Two of them may want the same rows of two servers, which no server sees as a deadlock.
        await run('SET SESSION innodb_lock_wait_timeout = 2', writer)
        for (let n = 0; !isOver; n++) {
          const id = (n * 37 + w * 11) % ROWS
          for (const sql of [
            `UPDATE main.people SET email = 'w${unique}${w}-${n}@x', team = team + 1 WHERE id = ${id}`,
            `DELETE FROM main.people WHERE id = ${(id * 3) % ROWS}`,
            `INSERT INTO main.people VALUES (${(id * 3) % ROWS}, 'i${unique}${w}-${n}@x', ${n % 13}, NULL)`,
            ...(n % 4 === 0 ? ['BEGIN', `DELETE FROM main.people WHERE id = ${id}`, 'ROLLBACK'] : []),
            ...(n % 5 === 0
              ? [`UPDATE main.people SET id = id + ${ROWS * 10} WHERE id = ${(id * 7) % ROWS}`]
              : []),
          ]) {
            const [result] = await writer.query(sql)
            // Another may hold the row, or have inserted it.
            if (result!.kind === 'error')
              expect([1062, 1205, 1213], `${sql}: ${result!.message}`).toContain(result!.errno)
          }
        }
      })
      try {
        for (const vindex of ['by_email', 'by_team']) {
          const filled = await fill(vindex, '--batch', '16', '--pause', '2ms')
          expect(filled.out).toMatch(/next: shardgate ctl lookup externalize/)
          const { out } = await ctl('verify', 'main', vindex, '--batch', '50')
          expect(out).toMatch(/no differences/)
        }
      } finally {
        isOver = true
        await Promise.all(written)
        for (const writer of writers) writer.close()
      }
      for (const vindex of ['by_email', 'by_team']) {
        const { out, exitCode } = await ctl('externalize', 'main', vindex)
        expect(out).toMatch(/no differences/)
        expect(exitCode).toBe(0)
        await expect(fill(vindex)).rejects.toThrow(/is read already/)
        await expect(ctl('cancel', 'main', vindex)).rejects.toThrow(/give it "write_only"/)
      }
      // As it is there without any of ours.
      expect(await rows('SELECT COUNT(*) FROM main.email_ids')).toEqual(
        await rows('SELECT COUNT(DISTINCT LOWER(email)) FROM main.people'),
      )
      const teams = await rows('SELECT number FROM plain.team_ids ORDER BY number')
      expect(teams).toEqual(await rows('SELECT team FROM main.people WHERE team IS NOT NULL ORDER BY team'))
      const [email, id] = (
        await rows('SELECT email, id FROM main.people WHERE email IS NOT NULL LIMIT 1')
      )[0]!.split(' ')
      expect(await rows(`SELECT id FROM main.people WHERE email = '${email!.toUpperCase()}'`)).toEqual([id])
      await remove('by_email', 'main.email_ids')
      await remove('by_team', 'plain.team_ids')
    },
    120_000,
  )

  /** Takes out what is read, with its table, by hand. */
  async function remove(vindex: string, table: string): Promise<void> {
    await edit('main', (json) => withParam(json, vindex, 'write_only', 'true'))
    await ctl('cancel', 'main', vindex)
    await run(`DROP TABLE ${table}`)
    const [keyspace, name] = table.split('.')
    await edit(keyspace!, (json) => withoutTable(json, name!))
  }

  async function edit(keyspace: string, change: (json: unknown) => unknown): Promise<void> {
    const admin = new TopologyAdmin(cluster.store)
    await admin.changeVSchemas([keyspace], (now) => new Map([[keyspace, change(now.get(keyspace))]]))
  }

  test('differences are told, and mended by what is said', async () => {
    await createEmails('consistent_lookup_unique', '--table-vindex', 'unicode_loose_md5')
    await run("INSERT INTO main.people VALUES (900001, 'twice@x', 1, NULL)")
    await run("DELETE FROM main.email_ids WHERE email = 'twice@x'")
    await run("INSERT INTO main.people VALUES (900004, 'TWICE@x', 1, NULL)")
    await run("DELETE FROM main.email_ids WHERE email = 'twice@x'")
    const filled = await fill('by_email')
    expect(filled.exitCode).toBe(1)
    expect(filled.out).toMatch(
      /^1 rows have a value that another row has.*stays write_only:\n {2}'(twice|TWICE)@x': keyspace ids/m,
    )
    const refused = await ctl('externalize', 'main', 'by_email')
    expect(refused.exitCode).toBe(1)
    expect(refused.out).toMatch(
      /1 rows have a value that another row has.*\n.*twice@x.*\nvindex by_email stays write_only/i,
    )
    await run('DELETE FROM main.people WHERE id IN (900001, 900004)')
    await run("DELETE FROM main.email_ids WHERE email = 'twice@x'")

    await run("INSERT INTO main.people VALUES (900002, 'gone@x', 1, NULL), (900003, 'wrong@x', 1, NULL)")
    await run("DELETE FROM main.email_ids WHERE email = 'gone@x'")
    await run("UPDATE main.email_ids SET id = x'0102030405060708' WHERE email = 'wrong@x'")
    await run("INSERT INTO main.email_ids VALUES ('orphan@x', x'166b40b44aba4bd6')")
    const told = await ctl('verify', 'main', 'by_email', '--batch', '7')
    expect(told.exitCode).toBe(1)
    expect(told.out).toMatch(/^1 rows have no entry; run: .* main by_email\n {2}'gone@x'/m)
    expect(told.out).toMatch(
      /^1 entries have the keyspace id of no such row; run: .*\n {2}'wrong@x': the entry has keyspace id 0102030405060708/m,
    )
    expect(told.out).toMatch(/^2 entries have no row; run: .*--remove-orphans main by_email\n/m)
    expect((await fill('by_email')).exitCode).toBe(0)
    const last = await ctl('verify', 'main', 'by_email', '--remove-orphans')
    expect(last.out).toMatch(/^1 entries without a row were deleted\nno differences$/m)
    expect(last.exitCode).toBe(0)
    const { out } = await ctl('cancel', 'main', 'by_email', '--drop-table', '--settle', '0')
    expect(out).toBe('cancelled vindex by_email of main; dropped table main.email_ids\n')
    await expect(rows('SELECT * FROM main.email_ids')).rejects.toThrow(/1146/)
    await run('DELETE FROM main.people WHERE id > 900000')
  }, 60_000)

  test('a backfill goes on where it has stopped, waits for rows that are locked, and ends when it is cancelled', async () => {
    const topic = ['--owner', 'notes', '--columns', 'topic', '--table', 'main.topic_owners', '--ignore-nulls']
    await run("UPDATE main.notes SET topic = 'jumps' WHERE name = 'n99'")
    await ctl('create', 'main', 'by_topic', '--type', 'consistent_lookup', ...topic)
    const connections = new ShardConnections(access())
    const place = await findLookup(await readSnapshot(cluster.store), 'main', 'by_topic', connections)
    const options = { batchRows: 10, pauseMs: 0, shardsMax: 2 }
    let batches = 0
    let works = {}
    const stopping = backfill(place, {}, options, {
      connect: () => new ShardConnections(access()),
      onWork: async (shards) => {
        works = shards
        if (++batches === 5) throw new Error('stopped here')
      },
    })
    await expect(stopping).rejects.toThrow('stopped here')
    // Back over the reader, by an UPDATE that is no business of the vindex.
    await run("UPDATE main.notes SET name = 'a0' WHERE name = 'n99'")
    let again = 0
    const rest = await backfill(place, works, options, {
      connect: () => new ShardConnections(access()),
      onWork: async () => void again++,
    })
    connections.close()
    const done = Object.values(rest.shards).reduce((sum, each) => sum + each.rows, 0)
    expect(done).toBe(ROWS - 1)
    expect(again).toBeLessThan(ROWS / 10 + 3 - 4)
    const passedBy = await ctl('verify', 'main', 'by_topic')
    expect(passedBy.out).toMatch(
      /^1 rows have no entry; run: .*\n {2}'jumps': no entry of keyspace id [0-9a-f]{16}\n$/m,
    )
    expect(passedBy.exitCode).toBe(1)
    await fill('by_topic', '--restart')
    expect((await ctl('verify', 'main', 'by_topic')).out).toMatch(/no differences/)

    const holder = await connectTo(proxy)
    await run('BEGIN', holder)
    await run("UPDATE main.notes SET topic = 'held' WHERE name = 'n300'", holder)
    await run("DELETE FROM main.topic_owners WHERE topic = 'topic ä0'")
    const waiting = fill('by_topic', '--batch', '100')
    await eventually('the backfill waits for the row', async () => {
      const waits = await rows("SELECT COUNT(*) FROM main.topic_owners WHERE topic = 'topic ä0'")
      return waits[0] !== '0'
    })
    await run('COMMIT', holder)
    expect((await waiting).exitCode).toBe(0)
    holder.close()

    const slowly = ['--settle', '0', '--batch', '1', '--pause', '20ms', '--restart']
    const ended = expect(start(['backfill', 'main', 'by_topic', ...slowly], () => {})).rejects.toThrow(
      /has stopped: .* it was cancelled/,
    )
    await eventually('the backfill has written down how far it is', async () => {
      const found = await readLookupWork(cluster.store, 'main', 'by_topic')
      return Object.values(found?.work.shards ?? {}).reduce((sum, { rows: n }) => sum + n, 0) < ROWS
    })
    await ctl('cancel', 'main', 'by_topic')
    await ended
    await ctl('create', 'main', 'by_topic', '--type', 'consistent_lookup', ...topic)
    expect((await ctl('externalize', 'main', 'by_topic')).out).toMatch(/is read from now on/)
    expect(await rows("SELECT COUNT(*) FROM main.notes WHERE topic = 'held'")).toEqual(['1'])
  }, 60_000)

  function access() {
    return { ...cluster.account, connectTimeoutMs: 5_000 }
  }

  test('what would not work is refused before anything is changed', async () => {
    const before = JSON.stringify(await cluster.store.list())
    for (const [args, error] of [
      [
        ['--type', 'hash', '--columns', 'email'],
        /--type hash is no lookup vindex; there are consistent_lookup/,
      ],
      [['--type', 'lookup', '--columns', 'mail'], /table main.people has no column mail/],
      [['--type', 'lookup', '--columns', 'email', '--from', 'a,b'], /--from has 2 columns, --columns has 1/],
      [
        ['--type', 'lookup', '--columns', 'email', '--table-vindex', 'xxhash'],
        /xxhash tells .* apart.*take unicode_loose_xxhash/,
      ],
      [
        ['--type', 'lookup', '--columns', 'email', '--table-vindex', 'no'],
        /neither a vindex of the keyspace nor a type/,
      ],
      [
        ['--type', 'lookup', '--columns', 'email', '--param', 'colour=red'],
        /--param colour: lookup has no such/,
      ],
      [['--type', 'lookup', '--columns', 'email', '--param', 'write_only=true'], /a new vindex always is/],
      [['--type', 'lookup', '--columns', 'email', '--param', 'read_lock=x'], /invalid read_lock value: x/],
      [
        ['--type', 'lookup', '--columns', 'email,team', '--table', 'main.pairs'],
        /column team of people can be NULL/,
      ],
    ] as const) {
      const create = ctl(
        'create',
        'main',
        'by_email',
        '--owner',
        'people',
        '--table',
        'main.email_ids',
        ...args,
      )
      await expect(create, args.join(' ')).rejects.toThrow(error)
    }
    await expect(ctl('verify', 'main', 'by_mail')).rejects.toThrow(
      /has no lookup vindex by_mail \(known: by_topic\)/,
    )
    expect(JSON.stringify(await cluster.store.list())).toBe(before)
    const { out } = await createEmails('lookup_unique', '--dry-run', '--param', 'autocommit=true')
    expect(out).toMatch(
      /^CREATE TABLE IF NOT EXISTS `email_ids` \(`email` varchar\(60\) CHARACTER SET utf8mb4 COLLATE \w+ NOT NULL, `id` varbinary\(128\) NOT NULL, PRIMARY KEY \(`email`\)\);\n/,
    )
    expect(out).toMatch(/"autocommit": "true",\n\s*"write_only": "true"/)
    expect(JSON.stringify(await cluster.store.list())).toBe(before)
  })

  test('a vindex of several columns, whose table is there already', async () => {
    await run(
      'CREATE TABLE plain.name_owners (n VARCHAR(30) COLLATE utf8mb4_bin, o INT, k VARBINARY(20), UNIQUE KEY (n, o))',
    )
    const table = [
      '--owner',
      'notes',
      '--columns',
      'name,owner',
      '--table',
      'plain.name_owners',
      '--from',
      'n,o',
    ]
    const create = (...more: readonly string[]) =>
      ctl('create', 'main', 'by_name', '--type', 'lookup_unique', ...table, ...more)
    await expect(create()).rejects.toThrow(
      /is there and has no column keyspace_id; name its columns with --from and --to/,
    )
    await create('--to', 'k')
    await expect(ctl('verify', 'main', 'by_name')).rejects.toThrow(/needs a primary key/)
    await run(
      'ALTER TABLE plain.name_owners MODIFY n VARCHAR(30) COLLATE utf8mb4_bin NOT NULL, MODIFY o INT NOT NULL',
    )
    await fill('by_name')
    await run("INSERT INTO main.notes VALUES (77, 'new', 'x')")
    await run("DELETE FROM main.notes WHERE name = 'n17'")
    const { out } = await ctl('externalize', 'main', 'by_name')
    expect(out).toMatch(new RegExp(`^main.by_name: ${ROWS} rows, ${ROWS} entries\nno differences\n`))
    expect(await rows("SELECT owner FROM main.notes WHERE name = 'new'")).toEqual(['77'])
  })
})

function withParam(json: unknown, vindex: string, param: string, text: string): unknown {
  const vschema = json as { vindexes: Record<string, { params: object }> }
  const own = vschema.vindexes[vindex]!
  const changed = { ...own, params: { ...own.params, [param]: text } }
  return { ...vschema, vindexes: { ...vschema.vindexes, [vindex]: changed } }
}
