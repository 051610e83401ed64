import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * The challenge-response arithmetic of MySQL's password plugins, over bytes.
 *
 * Both plugins prove knowledge of `stage1 = H(password)` to a server that keeps only `stage2 = H(stage1)`.
 * Every comparison takes the same time wherever the difference is.
 * Source: MySQL Source Code Documentation, "Native Authentication", "Caching_sha2_password information".
 */

const SHA1_BYTES = 20
const SHA256_BYTES = 32

/** SHA1(SHA1(password)), the bytes of `mysql.user`'s `*HEX`. */
export function nativeStage2(password: Uint8Array): Buffer {
  return sha1(sha1(password))
}

/** Whether `response` = SHA1(password) XOR SHA1(nonce + stage2). */
export function checkNative(response: Buffer, nonce: Uint8Array, stage2: Uint8Array): boolean {
  if (response.length !== SHA1_BYTES) return false
  const stage1 = xor(response, sha1(nonce, stage2))
  return timingSafeEqual(sha1(stage1), stage2)
}

/** SHA256(SHA256(password)), what the server caches for the fast path. */
export function cachingSha2Stage2(password: Uint8Array): Buffer {
  return sha256(sha256(password))
}

/** Whether `response` = SHA256(password) XOR SHA256(stage2 + nonce). */
export function checkCachingSha2(response: Buffer, nonce: Uint8Array, stage2: Uint8Array): boolean {
  if (response.length !== SHA256_BYTES) return false
  const stage1 = xor(response, sha256(stage2, nonce))
  return timingSafeEqual(sha256(stage1), stage2)
}

/** XOR with a repeated key, e.g. the password with the nonce below RSA. */
export function xorRepeated(bytes: Uint8Array, key: Uint8Array): Buffer {
  const out = Buffer.from(bytes)
  for (let i = 0; i < out.length; i++) out[i]! ^= key[i % key.length]!
  return out
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return xorRepeated(a, b)
}

function sha1(...parts: Uint8Array[]): Buffer {
  return digest('sha1', parts)
}

function sha256(...parts: Uint8Array[]): Buffer {
  return digest('sha256', parts)
}

function digest(algorithm: string, parts: readonly Uint8Array[]): Buffer {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest()
}
