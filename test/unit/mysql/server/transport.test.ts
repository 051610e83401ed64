import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RsaKey } from '../../../../src/mysql/server/auth/rsa-key.ts'
import { removeStaleSocket } from '../../../../src/mysql/server/stale-socket.ts'
import { type ClientCertificates, TlsUpgrader } from '../../../../src/mysql/server/tls.ts'
import { openTlsFiles } from '../../../../src/mysql/server/watched-tls.ts'
import { type Certificates, makeCertificates } from '../../../support/certificates.ts'
import { type FrontEnd, logIn, startFrontEnd } from '../../../support/front-end.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { handshakeResponse, RawClient, rawPacket } from '../../../support/wire.ts'

let folder: string
let certificates: Certificates
const frontEnds: FrontEnd[] = []

beforeAll(() => {
  folder = tempDir('tls').path
  certificates = makeCertificates(folder)
})
afterAll(async () => {
  for (const frontEnd of frontEnds) await frontEnd.close()
})

async function start(options: Parameters<typeof startFrontEnd>[0]): Promise<FrontEnd> {
  const frontEnd = await startFrontEnd(options)
  frontEnds.push(frontEnd)
  return frontEnd
}

function upgrader(clientCertificates: ClientCertificates = 'none'): TlsUpgrader {
  const { cert, key } = certificates.server
  const ca = clientCertificates === 'none' ? undefined : readFileSync(certificates.ca)
  return new TlsUpgrader(
    { cert: readFileSync(cert), key: readFileSync(key), ca },
    { minVersion: 'TLSv1.2', clientCertificates },
  )
}

/** A relay that holds the client's bytes back until there are `bytes` of them, and then writes them at once. */
async function relayHoldingBack(port: number, bytes: number): Promise<{ server: Server; port: number }> {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    let held = Buffer.alloc(0)
    from.on('data', (chunk) => {
      held = Buffer.concat([held, chunk])
      if (held.length < bytes) return
      to.write(held)
      held = Buffer.alloc(0)
      bytes = 0
    })
    to.pipe(from)
    from.on('close', () => to.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

/** CLIENT_SSL and what the handshake response has. */
const WITH_SSL = 0x000baa01

function sslRequest(): Buffer {
  return handshakeResponse('', { capabilities: WITH_SSL }).subarray(0, 32)
}

/** A raw client behind TLS; `first` writes the SSLRequest. */
async function secureClient(
  frontEnd: FrontEnd,
  options: ConnectionOptions = {},
): Promise<{ client: RawClient; secured: TLSSocket; below: Socket }> {
  const client = await RawClient.connect(frontEnd)
  await client.read()
  client.socket.removeAllListeners('data')
  client.send(sslRequest(), 1)
  const ca = readFileSync(certificates.ca)
  const secured = tlsConnect({ socket: client.socket, ca, ...options })
  await new Promise((resolve, reject) => secured.once('secureConnect', resolve).once('error', reject))
  return { client: RawClient.over(secured), secured, below: client.socket }
}

describe('TLS', () => {
  test('takes a password in clear', async () => {
    const frontEnd = await start({ tls: upgrader() })
    for (const [password, answer] of [
      ['secret', 0x00],
      ['wrong', 0xff],
    ] as const) {
      const { client } = await secureClient(frontEnd)
      const clear = {
        response: Buffer.from(`${password}\0`),
        plugin: 'mysql_clear_password',
        capabilities: WITH_SSL,
      }
      client.send(handshakeResponse('sha', clear), 2)
      expect((await client.read())!.payload[0]).toBe(answer)
      client.destroy()
    }
  })

  test('1.2 and 1.3 are spoken, 1.1 is not', async () => {
    const frontEnd = await start({ tls: upgrader() })
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { client, secured } = await secureClient(frontEnd, { minVersion: version, maxVersion: version })
      expect(secured.getProtocol()).toBe(version)
      client.send(handshakeResponse('nopw', { capabilities: WITH_SSL }), 2)
      expect(await client.readHex()).toBe('3:00000002000000')
      expect(frontEnd.sessions.at(-1)!.client.tls).toMatchObject({ version })
      client.destroy()
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
    await expect(secureClient(frontEnd, old)).rejects.toThrow()
  })

  test('begins with a hello that came in the same segment as the request', async () => {
    const frontEnd = await start({ tls: upgrader() })
    const relay = await relayHoldingBack(frontEnd.port, 4 + 32 + 100)
    const { client } = await secureClient({ ...frontEnd, port: relay.port })
    client.send(handshakeResponse('nopw', { capabilities: WITH_SSL }), 2)
    expect(await client.readHex()).toBe('3:00000002000000')
    client.destroy()
    relay.server.close()
  })

  test('bytes in clear behind the request are no packet', async () => {
    const frontEnd = await start({ tls: upgrader() })
    const client = await RawClient.connect(frontEnd)
    await client.read()
    const response = rawPacket(handshakeResponse('nopw', { capabilities: WITH_SSL }), 2)
    client.write(Buffer.concat([rawPacket(sslRequest(), 1), response]))
    const reply = await client.read()
    expect(reply?.payload[0]).not.toBe(0)
    expect(frontEnd.sessions).toHaveLength(0)
    client.destroy()
  })

  test('connections that break off end themselves only', async () => {
    const frontEnd = await start({ tls: upgrader() })
    const { client: broken, below } = await secureClient(frontEnd)
    broken.send(handshakeResponse('nopw', { capabilities: WITH_SSL }), 2)
    expect(await broken.readHex()).toBe('3:00000002000000')
    const session = frontEnd.sessions.at(-1)!
    session.hold = () => true
    const held = session.nextCommand()
    broken.send(Buffer.from('\x03slow'))
    await held
    below.resetAndDestroy()
    await session.gone
    const { client } = await secureClient(frontEnd)
    client.destroy()
  })

  test('that does not come in time is given up', async () => {
    const clock = new ManualClock()
    const frontEnd = await start({ tls: upgrader(), clock })
    const client = await RawClient.connect(frontEnd)
    await client.read()
    client.send(sslRequest(), 1)
    client.write(Buffer.from('160301', 'hex'))
    await new Promise((resolve) => setTimeout(resolve, 20)) // nothing tells that the server waits for more
    await clock.advance(10_000)
    expect(await client.readHex()).toBe('closed')
  })

  test('can be insisted on', async () => {
    const path = join(folder, 'secure.sock')
    const listen = [{ kind: 'tcp', host: '127.0.0.1', port: 0 } as const, { kind: 'unix', path } as const]
    const frontEnd = await start({ tls: upgrader(), requireSecureTransport: true, listen })
    const inClear = await RawClient.connect(frontEnd)
    await inClear.read()
    inClear.send(handshakeResponse('nopw'), 1)
    expect(await inClear.readErrno()).toBe(3159)
    const { client } = await secureClient(frontEnd)
    client.send(handshakeResponse('nopw', { capabilities: WITH_SSL }), 2)
    expect(await client.readHex()).toBe('3:00000002000000')
    client.destroy()
    ;(await logIn({ path })).destroy() // a unix socket is safe by itself
  })

  const client = () => ({
    cert: readFileSync(certificates.client.cert),
    key: readFileSync(certificates.client.key),
  })
  const stranger = () => ({
    cert: readFileSync(certificates.stranger.cert),
    key: readFileSync(certificates.stranger.key),
  })
  const cases = [
    { wanted: 'required', shown: 'none', subject: 'refused' },
    { wanted: 'required', shown: 'stranger', subject: 'refused' },
    { wanted: 'required', shown: 'client', subject: 'CN=client' },
    { wanted: 'optional', shown: 'none', subject: undefined },
    { wanted: 'optional', shown: 'stranger', subject: 'refused' },
    { wanted: 'optional', shown: 'client', subject: 'CN=client' },
  ] as const
  for (const { wanted, shown, subject } of cases) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`${wanted} client certificate, ${shown} shown, by ${maxVersion}: ${subject}`, async () => {
        const frontEnd = await start({ tls: upgrader(wanted) })
        const own = shown === 'client' ? client() : shown === 'stranger' ? stranger() : {}
        let answer: string
        try {
          const { client } = await secureClient(frontEnd, { ...own, maxVersion })
          client.send(handshakeResponse('nopw', { capabilities: WITH_SSL }), 2)
          answer = await client.readHex()
          client.destroy()
        } catch {
          answer = 'closed'
        }
        expect(answer).toBe(subject === 'refused' ? 'closed' : '3:00000002000000')
        if (subject !== 'refused') expect(frontEnd.sessions[0]!.client.tls!.clientSubject).toBe(subject)
        else expect(frontEnd.sessions).toHaveLength(0)
      })
    }
  }

  test('follows renewed certificates, and keeps the old one while files do not fit together', async () => {
    const files = { certFile: join(folder, 'live.pem'), keyFile: join(folder, 'live.key') }
    const install = (pair: { cert?: string; key?: string }): void => {
      if (pair.cert) writeFileSync(files.certFile, readFileSync(pair.cert))
      if (pair.key) writeFileSync(files.keyFile, readFileSync(pair.key))
    }
    install(certificates.server)
    const errors: Error[] = []
    const policy = { minVersion: 'TLSv1.2', clientCertificates: 'none' } as const
    const watched = await openTlsFiles(files, policy, {
      clock: new ManualClock(),
      onError: (e) => errors.push(e),
    })
    const frontEnd = await start({ tls: watched.upgrader })
    const served = async (): Promise<string> => {
      const { client, secured } = await secureClient(frontEnd)
      const { subject } = secured.getPeerCertificate()
      client.destroy()
      return String(subject.CN)
    }
    expect(await served()).toBe('server')
    install({ cert: certificates.renewed.cert })
    await watched.reload()
    expect(errors.map((error) => error.message)).toEqual([
      `${files.keyFile}: this is not the key of the certificate in ${files.certFile}`,
    ])
    expect(await served()).toBe('server')
    install({ key: certificates.renewed.key })
    await watched.reload()
    expect(await served()).toBe('renewed')
    watched.close()
  })

  test('needs a certificate and a key that belong together', () => {
    const mixed = { cert: readFileSync(certificates.server.cert), key: readFileSync(certificates.client.key) }
    expect(() => new TlsUpgrader(mixed, { minVersion: 'TLSv1.2', clientCertificates: 'none' })).toThrow(
      /belong/,
    )
  })
})

test('an RSA key can be given, so that all workers have the same', async () => {
  const { generateKeyPairSync } = await import('node:crypto')
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  expect((await new RsaKey(privateKey).publicPem()).toString()).toBe(publicKey)
})

describe('a unix socket', () => {
  test('left behind by a killed server is replaced', async () => {
    const path = join(folder, 'stale.sock')
    const { spawnSync } = await import('node:child_process')
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    expect(existsSync(path)).toBe(true)
    const frontEnd = await start({ listen: [{ kind: 'unix', path }] })
    const client = await logIn({ path })
    expect(frontEnd.sessions[0]!.client.remoteHost).toBe('localhost')
    client.destroy()
  })

  test('that somebody listens on is left alone', async () => {
    const path = join(folder, 'busy.sock')
    const other = createServer().listen(path)
    await new Promise((resolve) => other.once('listening', resolve))
    await expect(startFrontEnd({ listen: [{ kind: 'unix', path }] })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    expect(existsSync(path)).toBe(true)
    other.close()
  })

  test('is never made by removing something else', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'precious')
    await expect(removeStaleSocket(path)).rejects.toThrow(/not a socket/)
    expect(readFileSync(path, 'utf8')).toBe('precious')
  })
})

describe('the PROXY protocol', () => {
  const proxied = () => start({ listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, proxyProtocol: true }] })
  const v2 = Buffer.from(
    '0d0a0d0a000d0a515549540a' + '2111000c' + 'c0000201' + 'c6336401' + '3039' + '0cea',
    'hex',
  )

  for (const { name, header, host, port } of [
    {
      name: 'version 1',
      header: Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 12345 3306\r\n'),
      host: '192.0.2.1',
      port: 12345,
    },
    {
      name: 'version 1, IPv6',
      header: Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n'),
      host: '2001:db8::1',
      port: 1,
    },
    { name: 'version 2', header: v2, host: '192.0.2.1', port: 12345 },
  ]) {
    test(`${name} tells the client's address, wherever the header is cut`, async () => {
      const frontEnd = await proxied()
      for (let cut = 0; cut < header.length; cut += 7) {
        const client = await RawClient.connect(frontEnd)
        client.write(header.subarray(0, cut))
        client.write(header.subarray(cut))
        await client.read()
        client.send(handshakeResponse('nopw'), 1)
        expect(await client.readHex()).toBe('2:00000002000000')
        expect(frontEnd.sessions.at(-1)!.client).toMatchObject({ remoteHost: host, remotePort: port })
        client.destroy()
      }
    })
  }

  test('names the client in a refusal', async () => {
    const client = await RawClient.connect(await proxied())
    client.write(v2)
    await client.read()
    client.send(handshakeResponse('sha'), 1)
    expect((await client.read())!.payload.toString()).toContain("'sha'@'192.0.2.1' (using password: NO)")
  })

  test("a proxy's own connection keeps its address", async () => {
    const frontEnd = await proxied()
    const local = Buffer.from(v2)
    local[12] = 0x20
    for (const header of [Buffer.from('PROXY UNKNOWN\r\n'), local]) {
      const client = await RawClient.connect(frontEnd)
      client.write(header)
      await client.read()
      client.send(handshakeResponse('nopw'), 1)
      await client.read()
      expect(frontEnd.sessions.at(-1)!.client.remoteHost).toBe('127.0.0.1')
      client.destroy()
    }
  })

  test('a connection without header is closed unanswered', async () => {
    const frontEnd = await proxied()
    for (const bytes of [
      handshakeResponse('nopw'),
      Buffer.from('GET / HTTP/1.1\r\n'),
      Buffer.alloc(200, 0x50),
    ]) {
      const client = await RawClient.connect(frontEnd)
      client.write(bytes)
      expect(await client.readHex()).toBe('closed')
    }
  })

  test('a header that does not come in time ends the connection', async () => {
    const clock = new ManualClock()
    const listen = [{ kind: 'tcp', host: '127.0.0.1', port: 0, proxyProtocol: true } as const]
    const frontEnd = await start({ listen, clock })
    const client = await RawClient.connect(frontEnd)
    client.write(Buffer.from('PROXY TCP4'))
    while (frontEnd.events.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(10_000)
    expect(await client.readErrno()).toBe(1159)
    client.destroy()
  })
})
