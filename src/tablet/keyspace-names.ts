/** A database on a shard, and the keyspace that clients know it by. */
export interface Renaming {
  readonly database: string
  readonly keyspace: string
}

/**
 * What a server has written, with the names that clients know: databases that stand alone, in quotes, or in front of a
 * table (`main_-80.users`, `` `main_-80`.`users` ``, `Unknown database 'main_-80'`). Names that only contain one stay.
 * `renamings`: names that begin with another one stand before it.
 */
export function inKeyspaceNames(text: string, renamings: readonly Renaming[]): string {
  let renamed = text
  for (const { database, keyspace } of renamings) {
    if (!renamed.includes(database)) continue
    if (renamed === database) return keyspace
    renamed = renamed.replaceAll(patternOf(database), () => keyspace)
  }
  return renamed
}

function patternOf(database: string): RegExp {
  const name = database.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const before = '(?<![\\w$-])'
  const made = '(?<=CREATE DATABASE (?:/\\*!\\d+ IF NOT EXISTS\\*/ )?`)'
  return new RegExp(`${before}${name}(?=[.'"/]|\`\\.)|${made}${name}(?=\`)`, 'g')
}

const ER_DUP_ENTRY = 1062

/** A server's message. That of a duplicate key holds values of the client's, and no name of a database. */
export function messageInKeyspaceNames(
  { errno, message }: { readonly errno: number; readonly message: string },
  renamings: readonly Renaming[],
): string {
  return errno === ER_DUP_ENTRY ? message : inKeyspaceNames(message, renamings)
}

/** `Tables_in_main_-80 (u%)`, the name of a column of SHOW TABLES. */
export function columnInKeyspaceNames(name: string, renamings: readonly Renaming[]): string {
  const title = 'Tables_in_'
  if (!name.startsWith(title)) return name
  const rest = name.slice(title.length)
  const found = renamings.find(({ database }) => rest === database || rest.startsWith(`${database} (`))
  return found === undefined ? name : `${title}${found.keyspace}${rest.slice(found.database.length)}`
}
