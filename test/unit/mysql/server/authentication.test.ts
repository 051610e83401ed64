import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as mariadb from 'mariadb'
import mysql, { type ConnectionOptions } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TlsUpgrader } from '../../../../src/mysql/server/tls.ts'
import { type Certificates, makeCertificates } from '../../../support/certificates.ts'
import { type FrontEnd, logIn, SECRET_NATIVE, startFrontEnd } from '../../../support/front-end.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { handshakeResponse, nativeResponse, RawClient } from '../../../support/wire.ts'

const run = promisify(execFile)

let folder: string
let certificates: Certificates
let plain: FrontEnd
let secure: FrontEnd
let socketPath: string

beforeAll(async () => {
  folder = tempDir('auth').path
  certificates = makeCertificates(folder)
  socketPath = join(folder, 'mysql.sock')
  const listen = [
    { kind: 'tcp', host: '127.0.0.1', port: 0 },
    { kind: 'unix', path: socketPath },
  ] as const
  plain = await startFrontEnd({ listen })
  const { cert, key } = certificates.server
  const tls = new TlsUpgrader(
    { cert: readFileSync(cert), key: readFileSync(key) },
    { minVersion: 'TLSv1.2', clientCertificates: 'none' },
  )
  secure = await startFrontEnd({ tls })
})
afterAll(async () => {
  await plain.close()
  await secure.close()
})

/** Users that know the password `secret`, and one that has none. */
const users = ['dev', 'sha', 'nat', 'rotated'] as const

type Transport = 'tcp' | 'unix' | 'tls'

describe('mysql2', () => {
  async function whoAmI(transport: Transport, options: ConnectionOptions): Promise<unknown> {
    const to: ConnectionOptions =
      transport === 'unix'
        ? { socketPath }
        : transport === 'tcp'
          ? { host: '127.0.0.1', port: plain.port }
          : { host: '127.0.0.1', port: secure.port, ssl: { ca: readFileSync(certificates.ca) } }
    const connection = await mysql.createConnection({ ...to, ...options })
    try {
      const [rows] = await connection.query<mysql.RowDataPacket[]>('select user()')
      return rows[0]!['c0']
    } finally {
      connection.destroy()
    }
  }

  for (const transport of ['tcp', 'unix', 'tls'] as const) {
    for (const user of users) {
      test(`${user} over ${transport}, for the first time and again`, async () => {
        expect(await whoAmI(transport, { user, password: 'secret' })).toBe(user)
        expect(await whoAmI(transport, { user, password: 'secret' })).toBe(user)
      })
      test(`${user} over ${transport} with a wrong password`, async () => {
        const host = transport === 'unix' ? 'localhost' : '127.0.0.1'
        await expect(whoAmI(transport, { user, password: 'wrong' })).rejects.toMatchObject({
          errno: 1045,
          sqlState: '28000',
          message: `Access denied for user '${user}'@'${host}' (using password: YES)`,
        })
      })
    }
    test(`a user that does not exist over ${transport} is denied alike`, async () => {
      await expect(whoAmI(transport, { user: 'nobody', password: 'secret' })).rejects.toMatchObject({
        errno: 1045,
      })
    })
    test(`no password where none is needed, over ${transport}`, async () => {
      expect(await whoAmI(transport, { user: 'nopw' })).toBe('nopw')
    })
    test(`no password where one is needed, over ${transport}`, async () => {
      await expect(whoAmI(transport, { user: 'sha' })).rejects.toMatchObject({
        errno: 1045,
        message: expect.stringContaining('(using password: NO)'),
      })
    })
  }

  test('either password of a user that changes it', async () => {
    expect(await whoAmI('tcp', { user: 'rotated', password: 'older' })).toBe('rotated')
    expect(await whoAmI('tcp', { user: 'rotated', password: 'secret' })).toBe('rotated')
  })

  test('changes user, and is thrown out when that is refused', async () => {
    const connection = await mysql.createConnection({ host: '127.0.0.1', port: plain.port, user: 'nopw' })
    const session = plain.sessions.at(-1)!
    for (const user of users) {
      await connection.changeUser({ user, password: 'secret', database: 'app' })
      expect(session.calls.at(-1)).toBe(`change-user ${user}/app`)
    }
    await connection.query('set x')
    await expect(connection.changeUser({ user: 'dev', password: 'wrong' })).rejects.toMatchObject({
      errno: 1045,
    })
    await session.gone
  })

  test('tells its attributes and database', async () => {
    await whoAmI('tcp', {
      user: 'dev',
      password: 'secret',
      database: 'app',
      connectAttributes: { program: 'p', ü: 'ö' },
    })
    const { identity } = plain.sessions.at(-1)!.client
    expect(identity.database).toBe('app')
    expect(identity.attributes.get('program')).toBe('p')
    expect(identity.attributes.get('ü')).toBe('ö')
  })

  test('is told what the session says of its database', async () => {
    await expect(
      whoAmI('tcp', { user: 'dev', password: 'secret', database: 'missing' }),
    ).rejects.toMatchObject({
      errno: 1049,
    })
  })

  test('knows what TLS it got', async () => {
    await whoAmI('tls', { user: 'dev', password: 'secret' })
    expect(secure.sessions.at(-1)!.client.tls).toMatchObject({ version: 'TLSv1.3', clientSubject: undefined })
  })

  test('gets rows of the size it sent', async () => {
    const connection = await mysql.createConnection({ host: '127.0.0.1', port: plain.port, user: 'nopw' })
    const text = `select ${'x'.repeat(17_000_000)}`
    const [rows] = await connection.query<mysql.RowDataPacket[]>(text)
    expect(rows[0]!['c0'] === text).toBe(true)
    connection.destroy()
  })
})

describe('the mariadb driver', () => {
  for (const user of users) {
    test(`${user} over TCP, TLS and a unix socket`, async () => {
      const ssl = { ca: readFileSync(certificates.ca) }
      for (const to of [
        { host: '127.0.0.1', port: plain.port, allowPublicKeyRetrieval: true },
        { host: '127.0.0.1', port: secure.port, ssl },
        { socketPath },
      ]) {
        const connection = await mariadb.createConnection({ ...to, user, password: 'secret' })
        expect(await connection.query({ sql: 'select user()', rowsAsArray: true })).toEqual([[user]])
        await connection.end()
      }
    })
  }

  test('is refused with a wrong password', async () => {
    const to = { host: '127.0.0.1', port: plain.port, allowPublicKeyRetrieval: true }
    await expect(mariadb.createConnection({ ...to, user: 'sha', password: 'wrong' })).rejects.toMatchObject({
      errno: 1045,
    })
  })
})

describe('the mariadb command line client', () => {
  const client = (args: readonly string[]): Promise<{ stdout: string }> =>
    run('mariadb', ['--no-defaults', '-NB', '-e', 'select user()', ...args])

  for (const user of users) {
    test(`${user} over TCP, TLS and a unix socket`, async () => {
      for (const to of [
        ['-h127.0.0.1', `-P${plain.port}`],
        ['-h127.0.0.1', `-P${secure.port}`, '--ssl', `--ssl-ca=${certificates.ca}`],
        [`-S${socketPath}`],
      ]) {
        expect((await client([...to, `-u${user}`, '-psecret'])).stdout.trim()).toBe(user)
      }
    })
  }

  test('is refused with a wrong password', async () => {
    const to = ['-h127.0.0.1', `-P${plain.port}`, '-usha', '-pwrong']
    await expect(client(to)).rejects.toMatchObject({ stderr: expect.stringContaining('ERROR 1045 (28000)') })
  })
})

describe('the exchange, byte by byte', () => {
  test('begins with a greeting that offers only what needs no translation', async () => {
    const client = await RawClient.connect(plain)
    const greeting = (await client.read())!.payload
    const versionEnd = greeting.indexOf(0)
    expect(greeting.toString('latin1', 0, versionEnd)).toBe('\x0a9.7.0-test')
    const low = greeting.readUInt16LE(versionEnd + 1 + 4 + 8 + 1)
    const high = greeting.readUInt16LE(versionEnd + 1 + 4 + 8 + 1 + 2 + 1 + 2)
    const notOffered = {
      COMPRESS: 5,
      LOCAL_FILES: 7,
      SSL: 11,
      DEPRECATE_EOF: 24,
      QUERY_ATTRIBUTES: 27,
    }
    for (const [name, bit] of Object.entries(notOffered))
      expect(((high << 16) | low) & (1 << bit), name).toBe(0)
    expect(greeting.subarray(-22).toString('latin1')).toBe('caching_sha2_password\0')
    client.destroy()
  })

  test('asks for the password of a user and of a stranger with the same packets', async () => {
    const replies = []
    for (const user of ['sha', 'nobody-1', 'nobody-2', 'nobody-3', 'nobody-4', 'nobody-5']) {
      const client = await RawClient.connect(plain)
      await client.read()
      client.send(handshakeResponse(user, { response: Buffer.alloc(32, 1) }), 1)
      const first = (await client.read())!
      if (first.payload[0] !== 0xfe) replies.push(`${first.sequenceId}:${first.payload.toString('hex')}`)
      client.destroy()
    }
    // Strangers that stand in for a user with SHA-1 hashes alone are asked for those, as such a user is.
    expect(new Set(replies)).toEqual(new Set(['2:0104']))
    expect(replies.length).toBeGreaterThan(1)
  })

  test('treats a stranger alike each time', async () => {
    const kinds = new Set<string>()
    for (let i = 0; i < 5; i++) {
      const client = await RawClient.connect(plain)
      await client.read()
      client.send(handshakeResponse('nobody', { response: Buffer.alloc(32, 1) }), 1)
      kinds.add((await client.read())!.payload.toString('latin1', 0, 10))
      client.destroy()
    }
    expect(kinds.size).toBe(1)
  })

  test('refuses a response of a wrong length', async () => {
    const client = await RawClient.connect(plain)
    await client.read()
    client.send(handshakeResponse('sha', { response: Buffer.alloc(20, 1) }), 1)
    expect(await client.readErrno()).toBe(1045)
    expect(await client.readHex()).toBe('closed')
  })

  test('refuses what is not encrypted with its key', async () => {
    const client = await RawClient.connect(plain)
    await client.read()
    client.send(handshakeResponse('sha', { response: Buffer.alloc(32, 1) }), 1)
    await client.read()
    client.send('02', 3)
    expect((await client.read())!.payload.toString('latin1', 1, 27)).toBe('-----BEGIN PUBLIC KEY-----')
    client.send(Buffer.from('secret\0'), 5)
    expect(await client.readErrno()).toBe(1045)
  })

  test('never takes a password in clear without TLS', async () => {
    const client = await RawClient.connect(plain)
    await client.read()
    const clear = { response: Buffer.from('secret\0'), plugin: 'mysql_clear_password' }
    client.send(handshakeResponse('sha', clear), 1)
    expect((await client.read())!.payload.toString('latin1', 0, 22)).toBe('\xfecaching_sha2_password')
    client.destroy()
  })

  test('falls back to utf8mb4 for an unknown character set, and refuses those a proxy cannot read', async () => {
    for (const [charset, answer] of [
      [0, 'ok'],
      [35, 1231], // ucs2
      [54, 1231], // utf16
      [28, 1231], // gbk
      [13, 1231], // sjis
      [249, 1231], // gb18030
    ] as const) {
      const client = await RawClient.connect(plain)
      await client.read()
      client.send(handshakeResponse('nopw', { charset }), 1)
      const reply = (await client.read())!.payload
      expect(reply[0] === 0 ? 'ok' : reply.readUInt16LE(1), String(charset)).toBe(answer)
      if (answer === 'ok') expect(plain.sessions.at(-1)!.client.identity.collationId).toBe(255)
      client.destroy()
    }
  })

  test('is not begun with clients of other protocols, or with broken packets', async () => {
    const whole = handshakeResponse('nopw')
    const withoutAttributes = handshakeResponse('nopw', { capabilities: 0x001ba201 })
    const without41 = handshakeResponse('nopw', { capabilities: 0x1 })
    for (const [payload, errno] of [
      [without41, 1251],
      [withoutAttributes, 1043],
      [Buffer.alloc(0), 1043],
      [whole.subarray(0, 20), 1043],
      [whole.subarray(0, 34), 1043],
    ] as const) {
      const client = await RawClient.connect(plain)
      await client.read()
      client.send(payload, 1)
      expect(await client.readErrno()).toBe(errno)
      expect(await client.readHex()).toBe('closed')
    }
  })

  test('cut short anywhere never lets anyone in', async () => {
    const whole = handshakeResponse('dev', { response: Buffer.alloc(32, 7) })
    for (let length = 0; length < whole.length; length += 3) {
      const client = await RawClient.connect(plain)
      await client.read()
      client.send(whole.subarray(0, length), 1)
      client.socket.end()
      for (let reply = await client.read(); reply !== undefined; reply = await client.read()) {
        expect(reply.payload[0], `${length} bytes`).not.toBe(0)
      }
    }
  })

  test('reads no more than it must before authentication', async () => {
    const client = await RawClient.connect(plain)
    await client.read()
    client.write(Buffer.from('00000201', 'hex')) // 128 KiB
    expect(await client.readErrno()).toBe(1153)
    expect(await client.readHex()).toBe('closed')
  })

  test('commands sent along with a login wait for it', async () => {
    const client = await RawClient.connect(plain)
    await client.read()
    client.send(handshakeResponse('nopw'), 1)
    client.send('0e', 0)
    expect(await client.readHex()).toBe('2:00000002000000')
    expect(await client.readHex()).toBe('1:00000002000000')
    client.destroy()
  })

  test('a change of user to the native plugin may be answered with the nonce that the client has', async () => {
    const client = await RawClient.connect(plain)
    const nonce = nonceOf((await client.read())!.payload)
    client.send(handshakeResponse('nopw'), 1)
    await client.read()
    for (let change = 0; change < 2; change++) {
      client.send(Buffer.from('\x11nat\0\0app\0\xff\0mysql_native_password\0', 'latin1'))
      const { sequenceId, payload } = (await client.read())!
      expect(payload.latin1Slice(0, 23)).toBe('\xfemysql_native_password\0')
      client.send(nativeResponse('secret', nonce), sequenceId + 1) // as libmariadb, which does not look at the new one
      expect(await client.readHex()).toBe('3:00000002000000')
    }
    client.destroy()
  })

  test('a refused COM_CHANGE_USER closes, an unreadable one too', async () => {
    for (const [payload, errno] of [
      [Buffer.from('\x11dev\0\x20ab'), 1047],
      [Buffer.from('\x11dev'), 1047],
    ] as const) {
      const client = await logIn(plain)
      client.send(payload)
      expect(await client.readErrno()).toBe(errno)
      expect(await client.readHex()).toBe('closed')
    }
  })
})

/** The 20 bytes of a greeting. */
function nonceOf(greeting: Buffer): Buffer {
  const first = greeting.indexOf(0) + 5
  return Buffer.concat([greeting.subarray(first, first + 8), greeting.subarray(first + 27, first + 39)])
}

test('the native plugin can be the one to greet with', async () => {
  const frontEnd = await startFrontEnd({ authPlugin: 'mysql_native_password' })
  for (const user of users) {
    const to = { host: '127.0.0.1', port: frontEnd.port }
    const connection = await mysql.createConnection({ ...to, user, password: 'secret' })
    connection.destroy()
  }
  expect(SECRET_NATIVE.length).toBe(41)
  await frontEnd.close()
})

test('clients are greeted with the plugin of the server whose version they are told', async () => {
  for (const [version, plugin] of [
    ['9.7.0', 'caching_sha2_password'],
    ['5.5.5-10.11.19-MariaDB', 'mysql_native_password'],
  ] as const) {
    const frontEnd = await startFrontEnd({ serverVersion: () => version })
    const client = await RawClient.connect({ port: frontEnd.port })
    const greeting = Buffer.from(await client.readHex(), 'latin1').toString()
    expect(Buffer.from(greeting.slice(greeting.indexOf(':') + 1), 'hex').latin1Slice()).toContain(
      `${plugin}\0`,
    )
    client.destroy()
    await frontEnd.close()
  }
})
