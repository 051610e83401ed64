import { SqlError } from '../errors/sql-error.ts'
import { type KeyspaceId, keyspaceId } from '../key/keyspace-id.ts'
import { type Value, value } from '../values/value.ts'
import { createHash } from './hash.ts'
import type { LookupVindex } from './vindex.ts'

const hash = createHash(
  'hash',
  {},
  {
    readFile: () => new Uint8Array(),
    create: () => {
      throw new Error('hash is made of no other vindex')
    },
  },
)

/** What a lookup table has in the place of a value; undefined for one that it has no number for. */
export function cellOfValue({ fromValue }: Pick<LookupVindex, 'fromValue'>, of: Value): Value | undefined {
  return fromValue === undefined || of.type === 'NULL' ? of : fromValue(of)
}

/** What a lookup table has of a keyspace id. Throws ER_WRONG_ARGUMENTS for one that is no number's hash, where it has numbers. */
export function cellOfId({ isHashed }: Pick<LookupVindex, 'isHashed'>, id: KeyspaceId): Value {
  if (!isHashed) return value('VARBINARY', id)
  if (hash.kind !== 'single' || hash.reverse === undefined)
    throw new SqlError('ER_WRONG_ARGUMENTS', 'hash has no reverse')
  return hash.reverse(id)
}

/** The keyspace id that a lookup table's cell stands for; undefined for what is none. */
export function idOfCell({ isHashed }: Pick<LookupVindex, 'isHashed'>, cell: Value): KeyspaceId | undefined {
  if (!isHashed) return cell.type === 'NULL' ? undefined : keyspaceId(cell.bytes)
  const text = Buffer.from(cell.bytes).toString('latin1')
  if (!/^\d+$/.test(text) || hash.kind !== 'single') return undefined
  return hash.hash?.(value('UINT64', text))
}
