import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { credentialOf, User } from '../../../../src/mysql/server/auth/credentials.ts'
import {
  cachingSha2Stage2,
  checkCachingSha2,
  checkNative,
  nativeStage2,
} from '../../../../src/mysql/server/auth/scramble.ts'
import { checkSha256Crypt, parseSha256Crypt } from '../../../../src/mysql/server/auth/sha256-crypt.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const secret = Buffer.from('secret')
/** Bytes 1 to 20. */
const nonce = Buffer.from(Array.from({ length: 20 }, (_, i) => i + 1))

/** Computed with Python's hashlib from the definitions of the plugins. */
const nativeHash = '14e65567abdb5135d0cfd9a70b3032c179a49ee7'
const nativeResponse = 'b32bb3a583e1340c0a1108d58b1be49781ad8c2f'
const sha2Hash = '3881219d087dd9c634373fd33dfa33a2cb6bfc6c520b64b8bb60ef2ceb534ae7'
const sha2Response = '746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9'

describe('mysql_native_password', () => {
  test('hashes as PASSWORD() did', () => expect(nativeStage2(secret).toString('hex')).toBe(nativeHash))

  test('accepts the response to its nonce, and nothing else', () => {
    expect(checkNative(hex(nativeResponse), nonce, hex(nativeHash))).toBe(true)
    expect(checkNative(hex(nativeResponse), nonce.subarray(1), hex(nativeHash))).toBe(false)
    expect(checkNative(hex(`00${nativeResponse.slice(2)}`), nonce, hex(nativeHash))).toBe(false)
    expect(checkNative(hex(nativeResponse).subarray(1), nonce, hex(nativeHash))).toBe(false)
    expect(checkNative(Buffer.alloc(0), nonce, hex(nativeHash))).toBe(false)
  })
})

describe('caching_sha2_password', () => {
  test('hashes for its fast path', () => expect(cachingSha2Stage2(secret).toString('hex')).toBe(sha2Hash))

  test('accepts the response to its nonce, and nothing else', () => {
    expect(checkCachingSha2(hex(sha2Response), nonce, hex(sha2Hash))).toBe(true)
    expect(checkCachingSha2(hex(sha2Response), nonce.subarray(1), hex(sha2Hash))).toBe(false)
    expect(checkCachingSha2(hex(`00${sha2Response.slice(2)}`), nonce, hex(sha2Hash))).toBe(false)
    expect(checkCachingSha2(hex(sha2Response).subarray(1), nonce, hex(sha2Hash))).toBe(false)
  })
})

describe('the slow hash', () => {
  /** authentication_string of accounts that MySQL 9.7 made. */
  const stored = [
    {
      password: 'secret',
      hash: '24412430304124671A326202350B0D6076565B774231091B35560A45532F727564624E4A66764F49767244635164394976324C74746D557764317257584D6A69616A32325842',
    },
    {
      password: 'pässwörd €',
      hash: '244124303041243C730C0576021B464B3356793270500C09226A7D555752492F64756C4374642F486E4E2F7A6279544E70626632725269614F567170687A41507477682F672F',
    },
    {
      password: 'x',
      hash:
        '2441243030412435' +
        '77543F491A220F0A22374B481931520F3933084455456F55704A6D504842466743627450553348754E334C52736452465A666A46414F306C534567525A38',
    },
    {
      password: '0123456789'.repeat(7),
      hash: '24412430304124392C66514D1A6B4B6E1F2B5F0C5A2F2E2063015B7648615855575A4D366C684231424235546F344563615664677174532E456C74564E4839752F6D794A7239',
    },
  ]
  for (const { password, hash } of stored) {
    test(`of a password of ${Buffer.byteLength(password)} bytes`, async () => {
      const crypt = parseSha256Crypt(hex(hash))!
      expect(crypt.rounds).toBe(10_000)
      expect(await checkSha256Crypt(Buffer.from(password), crypt)).toBe(true)
      expect(await checkSha256Crypt(Buffer.from(`${password}x`), crypt)).toBe(false)
    })
  }

  test('is recognized by its form alone', () => {
    const whole = hex(stored[0]!.hash)
    expect(parseSha256Crypt(whole.subarray(0, -1))).toBeUndefined()
    expect(parseSha256Crypt(Buffer.concat([whole, Buffer.of(0x41)]))).toBeUndefined()
    expect(parseSha256Crypt(Buffer.from('$A$000$'.padEnd(70, 'x')))).toBeUndefined()
    expect(parseSha256Crypt(Buffer.from('$5$rounds=5000$salt$hash'))).toBeUndefined()
    expect(parseSha256Crypt(Buffer.alloc(0))).toBeUndefined()
  })
})

describe('a user', () => {
  const crypt = parseSha256Crypt(
    hex(
      '2441243030412435' +
        '77543F491A220F0A22374B481931520F3933084455456F55704A6D504842466743627450553348754E334C52736452465A666A46414F306C534567525A38',
    ),
  )!
  /** What a client of password `x` sends. */
  const xResponse = responseFor('x')

  test('takes the fast path after its password was seen once, and not before', async () => {
    const user = new User('u', [{ crypt }])
    expect(user.acceptsCachingSha2(hex(xResponse), nonce)).toBe(false)
    expect(await user.acceptsPassword(Buffer.from('y'))).toBe(false)
    expect(user.acceptsCachingSha2(hex(xResponse), nonce)).toBe(false)
    expect(await user.acceptsPassword(Buffer.from('x'))).toBe(true)
    expect(user.acceptsCachingSha2(hex(xResponse), nonce)).toBe(true)
  })

  test('is let in by any of its credentials', async () => {
    const user = new User('u', [{ crypt }, credentialOf(secret)])
    expect(await user.acceptsPassword(Buffer.from('x'))).toBe(true)
    expect(await user.acceptsPassword(secret)).toBe(true)
    expect(await user.acceptsPassword(Buffer.from('z'))).toBe(false)
    expect(user.acceptsNative(hex(nativeResponse), nonce)).toBe(true)
  })

  test('without a password needs an empty one, and no other way accepts it', async () => {
    expect(new User('u', [credentialOf(Buffer.alloc(0))]).acceptsEmptyPassword()).toBe(true)
    const user = new User('u', [{ crypt }, { sha256: hex(sha2Hash) }])
    expect(user.acceptsEmptyPassword()).toBe(false)
    expect(await user.acceptsPassword(Buffer.alloc(0))).toBe(false)
  })

  test('has no password longer than MySQL allows, and hashes none', async () => {
    const before = process.hrtime.bigint()
    expect(await new User('u', [{ crypt }]).acceptsPassword(Buffer.alloc(1 << 20, 0x61))).toBe(false)
    // SHA-crypt would hash a megabyte a million times: 2^40 bytes take more than a minute.
    expect(process.hrtime.bigint() - before).toBeLessThan(10_000_000_000n)
  })

  test('its decoy is of the same kind and accepts nothing', async () => {
    const native = new User('n', [{ native: hex(nativeHash) }])
    expect([native.nativeOnly, native.decoy('d').nativeOnly]).toEqual([true, true])
    expect(native.decoy('d').acceptsNative(hex(nativeResponse), nonce)).toBe(false)
    const both = new User('b', [credentialOf(secret), { crypt }])
    expect(both.decoy('d').nativeSuffices).toBe(both.nativeSuffices)
    expect(await both.decoy('d').acceptsPassword(secret)).toBe(false)
    expect(await both.decoy('d').acceptsPassword(Buffer.from('x'))).toBe(false)
    expect(new User('e', [{ empty: true }]).decoy('d').acceptsEmptyPassword()).toBe(false)
  })
})

/** The client's side of caching_sha2_password. */
function responseFor(password: string): string {
  const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
  const stage1 = sha256(Buffer.from(password))
  const mask = sha256(Buffer.concat([sha256(stage1), nonce]))
  return Buffer.from(stage1.map((byte, i) => byte ^ mask[i]!)).toString('hex')
}
