import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../src/cli/local/free-port.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { ProtocolClient } from '../support/protocol-client.ts'
import { PROXY_ACCOUNT, usersText } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const SCHEMA_DIR = new URL('../differential/schema', import.meta.url).pathname
const ROWS = 1_000_000
const RSS_MAX_BYTES = 200 * 1024 * 1024

let cluster: TestCluster
let proxy: ChildProcess
let port: number
const dir = tempDir('slow')

/** The proxy in a process of its own, as people run it. */
beforeAll(async () => {
  cluster = await startCluster({ shards: 2, isOneMysqld: true, schemaDir: SCHEMA_DIR })
  port = await freePort()
  const usersFile = join(dir.path, 'users.json')
  writeFileSync(usersFile, usersText())
  const config = {
    topology: cluster.topologyConfig,
    listen: { host: '127.0.0.1', port },
    users_file: usersFile,
    backend: cluster.account,
    http: { enabled: false },
  }
  const configFile = join(dir.path, 'shardgate.json')
  writeFileSync(configFile, JSON.stringify(config))
  proxy = spawn(process.execPath, [join(ROOT, 'dist/shardgate.js'), 'serve', '--config', configFile], {
    stdio: 'ignore',
  })
  await fillShards()
})

afterAll(async () => {
  proxy?.kill('SIGKILL')
  await cluster?.close()
  dir.remove()
})

/** Half of the rows on each shard, made there: which row is where does not matter to a scatter. */
async function fillShards(): Promise<void> {
  const root = await [...cluster.servers.values()][0]!.connectAsRoot()
  for (const [i, shard] of ['-80', '80-'].entries()) {
    await root.query(`USE \`main_${shard}\``)
    await root.query(
      `INSERT INTO places (region, city, name, people)
        SELECT seq, ${i}, CONCAT('a place with a name ', seq), seq FROM seq_1_to_${ROWS / 2}`,
    )
  }
  root.destroy()
}

function rssBytes(): number {
  const status = readFileSync(`/proc/${proxy.pid}/status`, 'latin1')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024
}

test.skipIf(process.platform !== 'linux')(
  'a million rows of all shards go to a slow reader without being heaped up in the proxy',
  async () => {
    const client = await eventually('the proxy serves', () =>
      ProtocolClient.connect({ port, ...PROXY_ACCOUNT, database: 'main' }).catch(() => undefined),
    )
    const { socket } = client.raw
    let most = 0
    let rows = 0
    const done = readSlowly(client, () => {
      most = Math.max(most, rssBytes())
    }).then((count) => {
      rows = count
    })
    client.raw.send(Buffer.concat([Buffer.from([3]), Buffer.from('SELECT * FROM places')]))
    await done
    expect(rows).toBe(ROWS)
    expect(most).toBeLessThan(RSS_MAX_BYTES)
    socket.destroy()
  },
  120_000,
)

/** Takes a piece at a time and pauses after each, long enough for whoever does not wait to run ahead. */
async function readSlowly(client: ProtocolClient, afterPiece: () => void): Promise<number> {
  const { socket } = client.raw
  socket.removeAllListeners('data')
  const counter = new RowCounter()
  return await new Promise((resolve, reject) => {
    socket.on('error', reject).on('close', () => reject(new Error('closed early')))
    let pieces = 0
    socket.on('data', (chunk) => {
      afterPiece()
      if (counter.feed(chunk)) return resolve(counter.rows)
      if (++pieces % 4 !== 0) return
      socket.pause()
      setTimeout(() => socket.resume(), 10)
    })
  })
}

/** Counts the row packets of one result of the text protocol. */
class RowCounter {
  rows = 0
  #eofs = 0
  #header = Buffer.alloc(0)
  #payloadLeft = 0

  /** True once the result has ended. */
  feed(chunk: Buffer): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at)
        this.#payloadLeft -= taken
        at += taken
        continue
      }
      // Header and the first byte of the payload, which tells an EOF from a row.
      const missing = 5 - this.#header.length
      this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + missing)])
      at += Math.min(missing, chunk.length - at)
      if (this.#header.length < 5) break
      const length = this.#header.readUIntLE(0, 3)
      if (this.#header[4] === 0xff) throw new Error('the result ended in an error')
      const isEof = this.#header[4] === 0xfe && length < 9
      this.#payloadLeft = length - 1
      this.#header = Buffer.alloc(0)
      if (isEof) this.#eofs++
      else if (this.#eofs === 1) this.rows++
      if (this.#eofs === 2) return true
    }
    return false
  }
}
