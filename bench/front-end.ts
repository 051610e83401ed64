/**
 * CPU of the wire front end per query, beside a bare socket that gives the same bytes: what framing, dispatch and the
 * ways of writing cost. Each server runs in a process of its own; this one is the client.
 *
 *   npm run bench -- front-end [seconds a run]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { type AddressInfo, connect, createServer } from 'node:net'
import { credentialOf, User } from '../src/mysql/server/auth/credentials.ts'
import { StaticUserDirectory } from '../src/mysql/server/auth/user-directory.ts'
import { MysqlServer } from '../src/mysql/server/mysql-server.ts'
import type { ClientConnection } from '../src/mysql/server/session-handler.ts'
import { handshakeResponse, rawPacket } from '../test/support/wire.ts'

const CONNECTIONS = 16
const ROUNDS = 3
const query = rawPacket(Buffer.from('\x03select c from sbtest1 where id = 4711'), 0)
/** One row of one column. */
const answer = Buffer.from(
  '0100000101180000020364656600000001310' +
    '00c3f000100000008810000000005000003fe000002000200000401310500' +
    '0005fe00000200',
  'hex',
)
const CHUNKS = 50

type Way = (client: ClientConnection) => void
const ways: Record<string, Way> = {
  'finish(answer)': (client) => client.finish(answer),
  'write(answer), commandDone()': (client) => {
    client.write(answer)
    client.commandDone()
  },
  'an answer in 50 writes': (client) => {
    for (let i = 0; i < CHUNKS; i++) client.write(answer)
    client.commandDone()
  },
}
const BARE = 'a bare socket'
const BARE_CHUNKS = 'a bare socket, 50 writes'

if (process.send) await serve(process.argv[2]!)
else await measureAll(Number(process.argv[2] ?? 3))

async function measureAll(seconds: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of [BARE, ...Object.keys(ways), BARE_CHUNKS]) {
      const { cpuUs, perSecond } = await measure(name, seconds)
      console.log(
        `${name.padEnd(30)} ${cpuUs.toFixed(2).padStart(7)} µs CPU a query ${perSecond.toFixed(0).padStart(8)} queries/s`,
      )
    }
  }
}

async function measure(name: string, seconds: number): Promise<{ cpuUs: number; perSecond: number }> {
  const child = fork(process.argv[1]!, [name])
  const port = (await reply(child)) as number
  const bytes = answer.length * (name.includes('50') ? CHUNKS : 1)
  const client = drive(port, bytes, name !== BARE && name !== BARE_CHUNKS)
  await sleep(500)
  const before = await cpuOf(child)
  const [queries, startedMs] = [client.queries(), performance.now()]
  await sleep(seconds * 1000)
  const count = client.queries() - queries
  const cpuUs = ((await cpuOf(child)) - before) / count
  const perSecond = (count / (performance.now() - startedMs)) * 1000
  client.stop()
  child.kill()
  return { cpuUs, perSecond }
}

/** Sends the next query when the answer to the one before is complete, on every connection. */
function drive(port: number, answerBytes: number, login: boolean): { queries(): number; stop(): void } {
  let queries = 0
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let received = 0
    const ask = (): void => {
      received = 0
      socket.write(query)
    }
    const onAnswer = (chunk: Buffer): void => {
      received += chunk.length
      if (received < answerBytes) return
      queries++
      ask()
    }
    if (!login) socket.once('connect', ask).on('data', onAnswer)
    else {
      socket.once('data', () => {
        socket.write(rawPacket(handshakeResponse('bench'), 1))
        socket.once('data', () => {
          socket.on('data', onAnswer)
          ask()
        })
      })
    }
    return socket
  })
  return {
    queries: () => queries,
    stop: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function serve(name: string): Promise<void> {
  const port =
    name in ways ? await serveMysql(ways[name]!) : await serveBare(name === BARE_CHUNKS ? CHUNKS : 1)
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send!(user + system)
  })
  process.send!(port)
}

async function serveMysql(way: Way): Promise<number> {
  const server = new MysqlServer({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    users: new StaticUserDirectory(
      new Map([['bench', new User('bench', [credentialOf(Buffer.alloc(0))])]]),
      '',
    ),
    createSession: (client) => ({
      statusFlags: 2,
      warningCount: 0,
      onConnect: () => client.sendOk({ status: 2 }),
      onCommand: () => way(client),
      onPing: () => {},
      onChangeUser: () => client.sendOk({ status: 2 }),
      onResetConnection: () => client.sendOk({ status: 2 }),
      onClientGone: () => {},
      onDrain: () => {},
    }),
    serverVersion: () => '9.7.0',
    statistics: () => ({ uptimeSeconds: 0, threads: 0, questions: 0 }),
  })
  await server.listen()
  return (server.addresses()[0] as AddressInfo).port
}

function serveBare(chunks: number): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket
      .on('error', () => {})
      .on('data', () => {
        for (let i = 0; i < chunks; i++) socket.write(answer)
      })
  })
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu')
  return (await reply(child)) as number
}

function reply(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('message', resolve))
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
