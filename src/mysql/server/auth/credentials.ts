import { randomBytes, timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Access, USUAL_ACCESS } from './access.ts'
import { cachingSha2Stage2, checkCachingSha2, checkNative, nativeStage2 } from './scramble.ts'
import { checkSha256Crypt, type Sha256Crypt } from './sha256-crypt.ts'

/** One accepted password of a user, in whichever forms are known; they are of the same password. */
export interface Credential {
  /** SHA1(SHA1(password)). */
  readonly native?: Buffer | undefined
  /** SHA256(SHA256(password)). */
  readonly sha256?: Buffer | undefined
  readonly crypt?: Sha256Crypt | undefined
  /** The password is empty. */
  readonly empty?: boolean | undefined
}

/** Longest password that MySQL accepts for a SHA-256 account; also bounds the work of SHA-crypt. */
export const PASSWORD_BYTES_MAX = 256

/** A credential of a password that is known in clear. */
export function credentialOf(password: Uint8Array): Credential {
  if (password.length === 0) return { empty: true }
  return { native: nativeStage2(password), sha256: cachingSha2Stage2(password) }
}

/**
 * A user and all passwords it may use; several, so that passwords can be rotated.
 *
 * Remembers SHA256(SHA256(password)) of a password that SHA-crypt accepted once, one a credential, so that its next
 * use takes the fast path.
 */
export class User {
  readonly name: string
  readonly access: Access
  readonly #credentials: readonly Credential[]
  readonly #verified: (Buffer | undefined)[] = []

  constructor(name: string, credentials: readonly Credential[], access: Access = USUAL_ACCESS) {
    this.name = name
    this.access = access
    this.#credentials = credentials
  }

  /** The other one has the same passwords and may do the same. */
  isAs(other: User): boolean {
    return (
      JSON.stringify(this.#credentials) === JSON.stringify(other.#credentials) &&
      isDeepStrictEqual(this.access, other.access)
    )
  }

  /** Every password can be checked by mysql_native_password. */
  get nativeSuffices(): boolean {
    return this.#credentials.every((credential) => credential.native ?? credential.empty)
  }

  /** No password can take the fast path of caching_sha2_password, not even later, before it was seen in clear. */
  get nativeOnly(): boolean {
    return this.#credentials.every(
      (credential) => !credential.sha256 && !credential.crypt && !credential.empty,
    )
  }

  /** A user of the same kind, and as slow to refuse, that accepts nothing. */
  decoy(name: string): User {
    return new User(name, this.#credentials.map(impossible))
  }

  acceptsEmptyPassword(): boolean {
    return this.#credentials.some((credential) => credential.empty)
  }

  acceptsNative(response: Buffer, nonce: Uint8Array): boolean {
    return this.#credentials.some(({ native }) => native && checkNative(response, nonce, native))
  }

  /** The fast path: false also means "not known yet", and then the password itself is asked for. */
  acceptsCachingSha2(response: Buffer, nonce: Uint8Array): boolean {
    return this.#credentials.some(({ sha256 }, i) => {
      const stage2 = sha256 ?? this.#verified[i]
      return stage2 !== undefined && checkCachingSha2(response, nonce, stage2)
    })
  }

  /** Checks a password in clear. A refusal takes the time of a SHA-crypt whatever the user has, if anything. */
  async acceptsPassword(password: Uint8Array): Promise<boolean> {
    if (password.length === 0 || password.length > PASSWORD_BYTES_MAX) return false
    let slow = false
    for (const [i, credential] of this.#credentials.entries()) {
      const known = knownMatch(password, credential)
      slow ||= known === undefined
      if (known ?? (credential.crypt !== undefined && (await checkSha256Crypt(password, credential.crypt)))) {
        this.#verified[i] = cachingSha2Stage2(password)
        return true
      }
    }
    if (!slow) await checkSha256Crypt(password, DECOY)
    return false
  }
}

/** Whether the quick hashes say yes or no; undefined when only SHA-crypt can tell. */
function knownMatch(password: Uint8Array, { sha256, native, crypt }: Credential): boolean | undefined {
  if (sha256) return timingSafeEqual(cachingSha2Stage2(password), sha256)
  if (native) return timingSafeEqual(nativeStage2(password), native)
  return crypt ? undefined : false
}

/** Hashes that no password is known to have; crypt's digest is not one that SHA-crypt writes. */
const IMPOSSIBLE_SHA1 = Buffer.alloc(20, 0xff)
const IMPOSSIBLE_SHA256 = Buffer.alloc(32, 0xff)
const DECOY: Sha256Crypt = { rounds: 5000, salt: randomBytes(20), digest: '*'.repeat(43) }

function impossible({ native, sha256, crypt }: Credential): Credential {
  return {
    native: native && IMPOSSIBLE_SHA1,
    sha256: sha256 && IMPOSSIBLE_SHA256,
    crypt: crypt && { ...DECOY, rounds: crypt.rounds },
  }
}
