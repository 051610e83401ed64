import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster, threadsRunning } from '../support/fault-cluster.ts'
import { LINKS, writeLinkedSchema } from '../support/linked-schema.ts'
import { type ProtocolClient, printError, type Result, textRow } from '../support/protocol-client.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Foreign keys over shards while several sessions write at once, and when some are ended among them. */
describe.each(['multi', 'twopc'] as const)("with transaction_mode = '%s'", (mode) => {
  const dir = tempDir('foreign-key-faults')
  let faults: FaultCluster
  let clients: ProtocolClient[]
  let watcher: ProtocolClient

  beforeAll(async () => {
    writeLinkedSchema(dir.path, 'managed')
    faults = await startFaultCluster({ schemaDir: dir.path })
    clients = await Promise.all(Array.from({ length: 4 }, connect))
    watcher = await connect()
  }, 60_000)
  afterAll(async () => {
    for (const client of clients ?? []) client.close()
    watcher?.close()
    await faults?.close()
    dir.remove()
  })
  beforeEach(async () => {
    for (const table of ['toys', 'bills', 'pets', 'owners']) await run(`DELETE FROM ${table}`)
  })

  async function connect(): Promise<ProtocolClient> {
    const client = await faults.connect()
    await client.query(`SET transaction_mode = '${mode}', innodb_lock_wait_timeout = 2`)
    return client
  }

  async function ask(sql: string, client = watcher): Promise<Result> {
    const [answer] = await client.query(sql)
    return answer!
  }

  async function run(sql: string, client = watcher): Promise<void> {
    const answer = await ask(sql, client)
    if (answer.kind === 'error') throw new Error(`${sql}: ${printError(answer)}`)
  }

  async function rows(sql: string, client = watcher): Promise<readonly (readonly (string | null)[])[]> {
    const answer = await ask(sql, client)
    if (answer.kind !== 'rows') throw new Error(answer.kind === 'error' ? printError(answer) : sql)
    return answer.rows.map((row) => textRow(row))
  }

  /** Rows that refer to what is not there. */
  async function orphans(): Promise<readonly string[]> {
    const found: string[] = []
    for (const [child, column, parent] of LINKS) {
      const sql = `SELECT c.id FROM ${child} c LEFT JOIN ${parent} p ON p.id = c.${column} WHERE c.${column} IS NOT NULL AND p.id IS NULL`
      for (const [id] of await rows(sql)) found.push(`${child} ${id}`)
    }
    return found
  }

  /** What a session may be told that has met others. */
  const MEETING = [1205, 1213, 1451, 1452]

  test('no row is left without what it refers to', async () => {
    const told = new Set<number>()
    const work = clients.map(async (client, at) => {
      for (let i = 0; i < 20; i++) {
        const owner = (i % 4) + 1
        const id = 1000 * at + i
        const statements = [
          `INSERT IGNORE INTO owners (id) VALUES (${owner}), (${owner + 10})`,
          `INSERT INTO pets VALUES (${id}, ${owner}), (${id + 500}, ${owner + 10})`,
          `INSERT INTO toys VALUES (${id}, ${id}), (${id + 500}, ${id + 500})`,
          `UPDATE owners SET id = ${owner + 20} WHERE id = ${owner + 10}`,
          `UPDATE pets SET id = ${id + 200} WHERE id = ${id}`,
          `DELETE FROM owners WHERE id IN (${owner}, ${owner + 20})`,
        ]
        for (const sql of statements) {
          const answer = await ask(sql, client)
          if (answer.kind !== 'error') continue
          told.add(answer.errno)
          // Two may have moved one row to the same place.
          if (answer.errno !== 1062) expect(MEETING, `${sql}: ${printError(answer)}`).toContain(answer.errno)
        }
      }
    })
    await Promise.all(work)
    expect(await orphans()).toEqual([])
    expect(Number((await rows('SELECT COUNT(*) FROM toys'))[0]![0])).toBeGreaterThan(0)
  }, 60_000)

  test('whoever refers to a row waits for one that deletes it, and the other way round', async () => {
    const [one, other] = clients as [ProtocolClient, ProtocolClient]
    await run('INSERT INTO owners (id) VALUES (1), (2)')
    await run('BEGIN', one)
    await run('DELETE FROM owners WHERE id = 1', one)
    const inserting = ask('INSERT INTO pets VALUES (1, 1)', other)
    await run('COMMIT', one)
    expect(await inserting).toMatchObject({ kind: 'error', errno: 1452 })
    await run('BEGIN', one)
    await run('INSERT INTO bills VALUES (1, 2)', one)
    const deleting = ask('DELETE FROM owners WHERE id = 2', other)
    await run('COMMIT', one)
    expect(await deleting).toMatchObject({ kind: 'error', errno: 1451 })
    await run('BEGIN', one)
    await run('INSERT INTO pets VALUES (7, 2)', one)
    expect(await ask('DELETE FROM owners WHERE id = 2', other)).toMatchObject({ kind: 'error', errno: 1205 })
    await run('ROLLBACK', one)
    expect(await orphans()).toEqual([])
  }, 20_000)

  test('a statement that is killed among its steps leaves nothing of itself', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => i + 1)
    await run(`INSERT INTO owners (id) VALUES ${ids.map((id) => `(${id})`).join(', ')}`)
    await run(`INSERT INTO pets VALUES ${ids.map((id) => `(${id}, ${id})`).join(', ')}`)
    const root = await faults.rootOf('80-')
    await root.query('BEGIN')
    await root.query('SELECT id FROM main.pets FOR UPDATE')
    const victim = await connect()
    const asked = victim.query('DELETE FROM owners')
    const watching = await faults.rootOf('80-')
    await eventually('it waits for pets', async () => (await threadsRunning(watching, 'pets')).length > 0)
    await run(`KILL QUERY ${victim.connectionId}`)
    expect((await asked)[0]).toMatchObject({ kind: 'error', errno: 1317 })
    for (const connection of [root, watching]) connection.destroy()
    expect(await rows('SELECT COUNT(*) FROM owners')).toEqual([['40']])
    expect(await rows('SELECT COUNT(*) FROM pets')).toEqual([['40']])
    await run('DELETE FROM owners WHERE id < 21', victim) // no lock is left
    expect(await rows('SELECT COUNT(*) FROM pets')).toEqual([['20']])
    victim.close()
  }, 20_000)

  test('a client that goes among its steps leaves nothing of its statement', async () => {
    await run('INSERT INTO owners (id) VALUES (1), (2), (3), (4)')
    for (let round = 0; round < 8; round++) {
      await run(`INSERT INTO pets VALUES (${round}, 1), (${round + 100}, 2), (${round + 200}, 3)`)
      const leaving = await connect()
      const asked = leaving.query('DELETE FROM owners WHERE id < 4').catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, round * 2))
      leaving.close()
      await asked
      await eventually(
        'nothing is held',
        async () => (await ask('SELECT id FROM owners FOR UPDATE')).kind === 'rows',
      )
      expect(await orphans()).toEqual([])
      await run('INSERT IGNORE INTO owners (id) VALUES (1), (2), (3)')
    }
  }, 40_000)
})

describe('in other modes', () => {
  test("transaction_mode = 'single' refuses rules that reach another shard, and nothing is changed", async () => {
    const dir = tempDir('foreign-keys-single')
    writeLinkedSchema(dir.path, 'managed')
    const faults = await startFaultCluster({ schemaDir: dir.path, server: 'mariadb' })
    const client = await faults.connect()
    const told = async (sql: string) => (await client.query(sql))[0]!
    await told('INSERT INTO owners (id) VALUES (1), (2), (3), (4)')
    await told('INSERT INTO pets VALUES (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)')
    await told("SET transaction_mode = 'single'")
    expect(await told('DELETE FROM owners WHERE id = 1')).toMatchObject({ kind: 'error' })
    const [answer] = await client.query('SELECT COUNT(*) FROM pets WHERE owner IN (SELECT id FROM owners)')
    expect(answer!.kind === 'rows' && textRow(answer!.rows[0]!)).toEqual(['5'])
    client.close()
    await faults.close()
    dir.remove()
  }, 30_000)

  test('unmanaged keys are what each shard can see', async () => {
    const dir = tempDir('foreign-keys-unmanaged')
    writeLinkedSchema(dir.path, 'unmanaged')
    const faults = await startFaultCluster({ schemaDir: dir.path })
    const client = await faults.connect()
    const told = async (sql: string) => {
      const [answer] = await client.query(sql)
      return answer!.kind === 'error' ? answer!.errno : answer!.kind
    }
    await told('INSERT INTO owners (id) VALUES (1)')
    // 1 and 2 are on one shard, 4 on the other.
    expect(await told('INSERT INTO pets VALUES (2, 1)')).toBe('ok')
    expect(await told('INSERT INTO pets VALUES (4, 1)')).toBe(1452)
    expect(await told('DELETE FROM owners')).toBe('ok')
    const [answer] = await client.query('SELECT COUNT(*) FROM pets')
    expect(answer!.kind === 'rows' && textRow(answer!.rows[0]!)).toEqual(['0'])
    client.close()
    await faults.close()
    dir.remove()
  }, 30_000)

  test('disallow refuses foreign keys', async () => {
    const dir = tempDir('foreign-keys-disallowed')
    writeLinkedSchema(dir.path, 'disallow')
    const faults = await startFaultCluster({ schemaDir: dir.path })
    const client = await faults.connect()
    const told = async (sql: string) => {
      const [answer] = await client.query(sql)
      return answer!.kind === 'error' ? printError(answer!) : answer!.kind
    }
    const refused = '1105 (HY000) VT10001: foreign key constraints are not allowed'
    expect(await told('ALTER TABLE plain ADD FOREIGN KEY (owner) REFERENCES owners (id)')).toBe(refused)
    expect(await told('CREATE TABLE more (id INT PRIMARY KEY, o BIGINT REFERENCES owners (id))')).toBe(
      refused,
    )
    expect(await told("ALTER TABLE plain COMMENT 'FOREIGN KEY (owner) REFERENCES owners (id)'")).toBe('ok')
    expect(await told('ALTER TABLE bills DROP FOREIGN KEY bills_owner')).toBe('ok')
    client.close()
    await faults.close()
    dir.remove()
  }, 30_000)
})
