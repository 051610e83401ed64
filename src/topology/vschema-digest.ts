import { createHash } from 'node:crypto'

/** Tells VSchemas apart, as parsed JSON: 16 hexadecimal digits. What has the same text has the same digest. */
export function vschemaDigest(json: unknown): string {
  return createHash('sha256').update(JSON.stringify(json)).digest('hex').slice(0, 16)
}
