/** What statements of applications need on a shard's database. */
const DATA = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const
const DEFINITIONS = ['CREATE', 'ALTER', 'DROP', 'INDEX', 'REFERENCES'] as const
/** Views, stored programs, temporary tables and LOCK TABLES. */
const PROGRAMS = [
  ...['CREATE VIEW', 'SHOW VIEW', 'TRIGGER', 'CREATE ROUTINE', 'ALTER ROUTINE', 'EXECUTE', 'EVENT'],
  ...['CREATE TEMPORARY TABLES', 'LOCK TABLES'],
] as const

export interface Missing {
  readonly data: readonly string[]
  readonly definitions: readonly string[]
  readonly programs: readonly string[]
}

/**
 * Which privileges on `database` the lines of SHOW GRANTS do not give. Grants of single tables and columns do not count;
 * a role's are not seen here, and `hasRoles` says so.
 */
export function missingPrivileges(
  grants: readonly string[],
  database: string,
): Missing & { readonly hasRoles: boolean } {
  const { given, hasRoles } = givenOn(grants, database)
  return {
    data: lacking(given, DATA),
    definitions: lacking(given, DEFINITIONS),
    programs: lacking(given, PROGRAMS),
    hasRoles,
  }
}

/** Which of these privileges the lines do not give on the database. */
export function missingOn(
  grants: readonly string[],
  database: string,
  wanted: readonly string[],
): readonly string[] {
  return lacking(givenOn(grants, database).given, wanted)
}

function lacking(given: ReadonlySet<string>, wanted: readonly string[]): readonly string[] {
  return wanted.filter(
    (privilege) => !given.has(privilege) && !given.has('ALL PRIVILEGES') && !given.has('ALL'),
  )
}

function givenOn(
  grants: readonly string[],
  database: string,
): { readonly given: ReadonlySet<string>; readonly hasRoles: boolean } {
  const given = new Set<string>()
  let hasRoles = false
  for (const line of grants) {
    const match = /^GRANT (.+?) ON (?:TABLE )?(\S+)\.\* TO /.exec(line)
    if (match === null) {
      if (!/ ON /.test(line)) hasRoles = true
    } else if (covers(match[2]!, database)) {
      for (const privilege of match[1]!.split(', ')) given.add(privilege.trim().toUpperCase())
    }
  }
  return { given, hasRoles }
}

/** `*` or a pattern in backticks, in which `_` and `%` are wild unless they stand behind a backslash. */
function covers(scope: string, database: string): boolean {
  if (scope === '*') return true
  const pattern = scope.replace(/^`|`$/g, '').replaceAll('``', '`')
  const source = pattern.replace(
    /\\([_%])|[_%]|[.*+?^${}()|[\]\\]/g,
    (found, escaped: string | undefined) => {
      if (escaped !== undefined) return escaped
      return found === '_' ? '.' : found === '%' ? '.*' : `\\${found}`
    },
  )
  return new RegExp(`^${source}$`, 's').test(database)
}
