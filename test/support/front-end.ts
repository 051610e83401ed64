import type { AddressInfo } from 'node:net'
import { StaticUserDirectory } from '../../src/mysql/server/auth/user-directory.ts'
import { parseUsers } from '../../src/mysql/server/auth/users-file.ts'
import { MysqlServer } from '../../src/mysql/server/mysql-server.ts'
import type { Limits, MysqlServerOptions, ServerEvent } from '../../src/mysql/server/options.ts'
import { MemorySession } from './memory-session.ts'
import { handshakeResponse, RawClient } from './wire.ts'

/** `secret`, as MySQL 9.7 stored it for caching_sha2_password. */
export const SECRET_CRYPT =
  '24412430304124671A326202350B0D6076565B774231091B35560A45532F727564624E4A66764F49767244635164394976324C74746D557764317257584D6A69616A32325842'
/** `secret`, as SHA1(SHA1()). */
export const SECRET_NATIVE = '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'

const USERS = {
  users: {
    nopw: [{ password: '' }],
    dev: [{ password: 'secret' }],
    sha: [{ caching_sha2: SECRET_CRYPT }],
    nat: [{ native: SECRET_NATIVE }],
    rotated: [{ password: 'older' }, { caching_sha2: SECRET_CRYPT }],
  },
}

/** A wire front end on a free port, with sessions that live in memory. */
export interface FrontEnd {
  readonly server: MysqlServer
  readonly port: number
  readonly sessions: MemorySession[]
  readonly events: ServerEvent[]
  close(): Promise<void>
}

export async function startFrontEnd(
  options: Partial<Omit<MysqlServerOptions, 'limits'>> & {
    limits?: Partial<Limits>
    prepare?: (session: MemorySession) => void
  } = {},
): Promise<FrontEnd> {
  const sessions: MemorySession[] = []
  const events: ServerEvent[] = []
  const { prepare, ...rest } = options
  const server = new MysqlServer({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    users: new StaticUserDirectory(parseUsers(JSON.stringify(USERS)), 'seed'),
    createSession: (client) => {
      const session = new MemorySession(client)
      prepare?.(session)
      sessions.push(session)
      return session
    },
    serverVersion: () => '9.7.0-test',
    statistics: () => ({ uptimeSeconds: 4, threads: 2, questions: 9 }),
    onEvent: (event) => events.push(event),
    ...rest,
  })
  await server.listen()
  const port = (server.addresses()[0] as AddressInfo).port
  return { server, port, sessions, events, close: () => server.close() }
}

/** A raw client that is logged in as the user without a password. */
export async function logIn(to: { port: number } | { path: string }, user = 'nopw'): Promise<RawClient> {
  const client = await RawClient.connect(to)
  await client.read()
  client.send(handshakeResponse(user), 1)
  const reply = await client.readHex()
  if (reply !== '2:00000002000000') throw new Error(`login failed: ${reply}`)
  return client
}
