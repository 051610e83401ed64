import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import { promisify } from 'node:util'
import { xorRepeated } from './scramble.ts'

const RSA_BITS = 2048

/**
 * The key with which a client hides its password on a connection without TLS: it sends
 * RSA-OAEP((password + NUL) XOR nonce).
 *
 * Made on first use unless a PEM is given. Workers and restarts should share one when clients keep the public key.
 */
export class RsaKey {
  readonly #pem: string | undefined
  #key: Promise<{ readonly privateKey: KeyObject; readonly publicPem: Buffer }> | undefined

  constructor(privateKeyPem?: string) {
    this.#pem = privateKeyPem
  }

  async publicPem(): Promise<Buffer> {
    return (await this.#load()).publicPem
  }

  /** The password with its NUL; undefined when `encrypted` is not what a client would have made. */
  async decrypt(encrypted: Buffer, nonce: Uint8Array): Promise<Buffer | undefined> {
    const { privateKey } = await this.#load()
    try {
      const hidden = privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING }, encrypted)
      return xorRepeated(hidden, nonce)
    } catch {
      return undefined // wrong length or padding: as good as a wrong password
    }
  }

  #load(): Promise<{ readonly privateKey: KeyObject; readonly publicPem: Buffer }> {
    this.#key ??= makeKey(this.#pem)
    return this.#key
  }
}

async function makeKey(pem: string | undefined) {
  const privateKey =
    pem === undefined
      ? (await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })).privateKey
      : createPrivateKey(pem)
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' })
  return { privateKey, publicPem: Buffer.from(publicPem) }
}
