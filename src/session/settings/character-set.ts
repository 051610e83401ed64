import { SqlError, wrongValue } from '../../errors/sql-error.ts'
import {
  type Charset,
  type Collation,
  charsetByName,
  clientCharsetProblem,
  collationById,
  collationByName,
  DEFAULT_COLLATION_ID,
  defaultCollation,
  type ServerFlavor,
} from '../../values/charsets.ts'

/**
 * `SET NAMES` text for the collation of a handshake. A collation that the backends do not know (MariaDB has no
 * utf8mb4_0900_ai_ci) becomes the default of its character set, as the server itself would have it.
 */
export function namesOf(collationId: number, isMariadb: boolean): string {
  const flavor = flavorOf(isMariadb)
  const collation = collationById(collationId, flavor) ?? collationById(DEFAULT_COLLATION_ID)!
  return namesText(known(collation, flavor))
}

/** `SET NAMES charset [COLLATE collation]`. Throws what MySQL says of unknown ones and of sets no client can have. */
export function namesOfSet(
  charsetName: string,
  collationName: string | undefined,
  isMariadb: boolean,
): string {
  const flavor = flavorOf(isMariadb)
  const charset = charsetByName(charsetName)
  if (charset === undefined) {
    throw new SqlError('ER_UNKNOWN_CHARACTER_SET', `Unknown character set: '${charsetName}'`)
  }
  checkClientCharset(charset)
  if (collationName === undefined) return namesText(defaultCollation(charset, flavor))
  const collation = collationByName(collationName, flavor)
  if (collation === undefined) {
    throw new SqlError('ER_UNKNOWN_COLLATION', `Unknown collation: '${collationName}'`)
  }
  if (collation.charset.name !== charset.name) {
    throw new SqlError(
      'ER_COLLATION_CHARSET_MISMATCH',
      `COLLATION '${collation.name}' is not valid for CHARACTER SET '${charset.name}'`,
    )
  }
  return namesText(collation)
}

/** The collation of a `SET NAMES` text of this module: that of the texts in answers. */
export function namesCollationId(names: string, isMariadb: boolean): number {
  const name = names.slice(names.lastIndexOf(' ') + 2, -1)
  return collationByName(name, flavorOf(isMariadb))!.id
}

/** Throws for character sets in which a byte of a statement may be read as a quote or an escape that it is not. */
export function checkClientCharset(charset: Charset): void {
  const problem = clientCharsetProblem(charset)
  if (problem === 'wide') {
    throw wrongValue('character_set_client', charset.name)
  }
  if (problem === 'ambiguous') {
    throw new SqlError(
      'ER_NOT_SUPPORTED_YET',
      `This version of Shardgate doesn't yet support '${charset.name} as a client character set': use utf8mb4`,
    )
  }
}

function namesText(collation: Collation): string {
  return `'${collation.charset.name}' COLLATE '${collation.name}'`
}

function known(collation: Collation, flavor: ServerFlavor): Collation {
  const foreign = flavor === 'mariadb' && collation.name.includes('_0900_')
  return foreign ? defaultCollation(collation.charset, flavor) : collation
}

function flavorOf(isMariadb: boolean): ServerFlavor {
  return isMariadb ? 'mariadb' : 'mysql'
}
