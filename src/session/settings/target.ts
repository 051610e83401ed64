import { SqlError } from '../../errors/sql-error.ts'
import type { Gateway } from '../../tablet/gateway.ts'
import type { ServedTabletType } from '../../topology/records.ts'

/** What a session addresses: `keyspace[:shard][@tablet_type]`; a keyspace alone reaches its primaries through vindexes. */
export interface Target {
  /** '' when no database is selected. */
  readonly keyspace: string
  /** A shard's name: statements bypass planning and go there. */
  readonly shard?: string
  readonly tabletType: ServedTabletType
}

export const NO_TARGET: Target = { keyspace: '', tabletType: 'PRIMARY' }

/** Where tables are looked for in a session without a database: in a cluster of one keyspace there, as vtgate does it. */
export function onlyKeyspace({ keyspaces }: Pick<Gateway, 'keyspaces'>): string | undefined {
  return keyspaces.size === 1 ? [...keyspaces.keys()][0] : undefined
}

const TABLET_TYPES: Readonly<Record<string, ServedTabletType>> = {
  primary: 'PRIMARY',
  master: 'PRIMARY',
  replica: 'REPLICA',
  rdonly: 'RDONLY',
  batch: 'RDONLY',
}

/**
 * Reads `ks`, `ks@replica`, `ks:-80`, `ks/-80`, `ks:-80@replica`, and `@replica` alone, which keeps the keyspace of
 * `current`. Throws ER_BAD_DB_ERROR for a tablet type that nobody knows.
 */
export function parseTarget(text: string, current: Target = NO_TARGET): Target {
  const at = text.lastIndexOf('@')
  const place = at < 0 ? text : text.slice(0, at)
  const typeName = at < 0 ? 'primary' : text.slice(at + 1).toLowerCase()
  const tabletType = TABLET_TYPES[typeName]
  if (tabletType === undefined || !Object.hasOwn(TABLET_TYPES, typeName)) {
    throw new SqlError(
      'ER_BAD_DB_ERROR',
      `Unknown tablet type '${typeName}' in target '${text}': use primary, replica or rdonly`,
    )
  }
  if (place === '' && at >= 0) {
    return { ...current, tabletType }
  }
  const colon = firstOf(place, ':/')
  if (colon < 0) return { keyspace: place, tabletType }
  const shard = place.slice(colon + 1)
  return { keyspace: place.slice(0, colon), ...(shard === '' ? {} : { shard }), tabletType }
}

/** The target as `USE` takes it. */
export function printTarget(target: Target): string {
  const shard = target.shard === undefined ? '' : `:${target.shard}`
  const type = target.tabletType === 'PRIMARY' ? '' : `@${target.tabletType.toLowerCase()}`
  return `${target.keyspace}${shard}${type}`
}

function firstOf(text: string, separators: string): number {
  for (let i = 0; i < text.length; i++) if (separators.includes(text[i]!)) return i
  return -1
}
