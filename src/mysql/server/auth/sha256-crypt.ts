import { hash, timingSafeEqual } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * The slow hash that `mysql.user` keeps for caching_sha2_password: `$A$RRR$`, 20 bytes of salt, 43 characters.
 * RRR is the number of rounds in thousands, three hexadecimal digits. The hash is Ulrich Drepper's SHA-crypt with
 * SHA-256 and, unlike there, all 20 bytes of salt.
 * Source: "Unix crypt using SHA-256 and SHA-512"; MySQL's caching_sha2_password and crypt_genhash_impl.cc.
 */
export interface Sha256Crypt {
  readonly rounds: number
  readonly salt: Buffer
  /** 43 characters of crypt's own base64. */
  readonly digest: string
}

const SALT_BYTES = 20
const DIGEST_CHARS = 43
const ROUNDS_UNIT = 1000

/** Parses an authentication string, given as its bytes; undefined when it is none. */
export function parseSha256Crypt(bytes: Buffer): Sha256Crypt | undefined {
  const text = bytes.latin1Slice()
  const head = /^\$A\$([0-9A-Fa-f]{3})\$/.exec(text)
  if (head === null || text.length !== head[0].length + SALT_BYTES + DIGEST_CHARS) return undefined
  const rounds = Number.parseInt(head[1]!, 16) * ROUNDS_UNIT
  if (rounds === 0) return undefined
  const saltEnd = head[0].length + SALT_BYTES
  return { rounds, salt: bytes.subarray(head[0].length, saltEnd), digest: text.slice(saltEnd) }
}

/**
 * Checks a clear password. Takes ten to twenty milliseconds of CPU, in slices, so that other connections are served
 * meanwhile; one check at a time in the whole process, for side by side each turn of the event loop would hold a slice
 * of every one of them.
 */
export function checkSha256Crypt(password: Uint8Array, crypt: Sha256Crypt): Promise<boolean> {
  const check = lastCheck.then(() => matches(password, crypt))
  lastCheck = check.catch(() => {}) // its own caller hears of it
  return check
}

let lastCheck: Promise<unknown> = Promise.resolve()

async function matches(password: Uint8Array, crypt: Sha256Crypt): Promise<boolean> {
  const computed = Buffer.from(await sha256Crypt(password, crypt.salt, crypt.rounds), 'latin1')
  const stored = Buffer.from(crypt.digest, 'latin1')
  return computed.length === stored.length && timingSafeEqual(computed, stored)
}

/** Rounds computed in one go: about half a millisecond. */
const ROUNDS_PER_SLICE = 250

/** As the server's default `caching_sha2_password_digest_rounds`, in thousands. */
const NEW_ROUNDS = 5

/** A new authentication string, as CREATE USER would make one. `random(n)` gives integers from 0 up to but not including n. */
export async function newSha256Crypt(
  password: Uint8Array,
  random: (below: number) => number,
): Promise<string> {
  const salt = Array.from({ length: SALT_BYTES }, () => ALPHABET[random(ALPHABET.length)]).join('')
  const digest = await sha256Crypt(password, Buffer.from(salt, 'latin1'), NEW_ROUNDS * ROUNDS_UNIT)
  return `$A$${String(NEW_ROUNDS).padStart(3, '0')}$${salt}${digest}`
}

/** The 43 characters for a password. The steps are numbered as in the specification. */
export async function sha256Crypt(password: Uint8Array, salt: Uint8Array, rounds: number): Promise<string> {
  const b = sha256([password, salt, password]) // 4-8
  const parts: Uint8Array[] = [password, salt, repeatTo(b, password.length)] // 1-3, 9-10
  for (let n = password.length; n > 0; n >>>= 1) parts.push((n & 1) === 1 ? b : password) // 11
  let a = sha256(parts) // 12
  const p = repeatTo(sha256(Array<Uint8Array>(password.length).fill(password)), password.length) // 13-16
  const s = repeatTo(sha256(Array<Uint8Array>(16 + a[0]!).fill(salt)), salt.length) // 17-20
  const scratch = Buffer.allocUnsafe(a.length + s.length + 2 * p.length + a.length)
  for (let i = 0; i < rounds; i++) {
    if (i > 0 && i % ROUNDS_PER_SLICE === 0) await nextTurn()
    a = round(i, a, p, s, scratch) // 21
  }
  return encode(a) // 22
}

/** One call of a hash over joined bytes: a third cheaper than a hash object that is updated part by part. */
function round(i: number, a: Buffer, p: Buffer, s: Buffer, scratch: Buffer): Buffer {
  const odd = (i & 1) === 1
  let end = (odd ? p : a).copy(scratch)
  if (i % 3 !== 0) end += s.copy(scratch, end)
  if (i % 7 !== 0) end += p.copy(scratch, end)
  end += (odd ? a : p).copy(scratch, end)
  return hash('sha256', scratch.subarray(0, end), 'buffer')
}

function sha256(parts: readonly Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer')
}

function repeatTo(bytes: Buffer, length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes)
}

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Three digest bytes make four characters, low bits first; the specification's order of bytes. */
function encode(digest: Buffer): string {
  let text = ''
  let [i, j, k] = [0, 10, 20]
  for (let group = 0; group < 10; group++) {
    text += encodeBits((digest[i]! << 16) | (digest[j]! << 8) | digest[k]!, 4)
    ;[i, j, k] = [k + 1, i + 1, j + 1]
  }
  return text + encodeBits((digest[31]! << 8) | digest[30]!, 3)
}

function encodeBits(bits: number, chars: number): string {
  let text = ''
  for (let i = 0; i < chars; i++) text += ALPHABET[(bits >>> (6 * i)) & 0x3f]
  return text
}
