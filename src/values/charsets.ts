import { charsetTable, uca1400Table } from './charset-table.ts'

/** Which server's meaning of a collation id or name is asked for; the two differ in a handful. */
export type ServerFlavor = 'mysql' | 'mariadb'

export interface Charset {
  readonly name: string
  readonly bytesPerCharMax: number
  /** By MySQL 9.7; MariaDB's utf8mb4 has utf8mb4_general_ci. */
  readonly defaultCollation: string
}

export interface Collation {
  /** As in column definitions and SET; above 255 it does not fit the one-byte field of the handshake. */
  readonly id: number
  readonly name: string
  readonly charset: Charset
}

/** utf8mb4_0900_ai_ci. */
export const DEFAULT_COLLATION_ID = 255

/** Collation of everything that is not text. */
export const BINARY_COLLATION_ID = 63

/** The collation of an id, or undefined. MariaDB's own ids are known to both flavors; where they clash, `flavor` decides. */
export function collationById(id: number, flavor: ServerFlavor = 'mysql'): Collation | undefined {
  return (flavor === 'mariadb' ? mariadbById.get(id) : undefined) ?? byId.get(id)
}

/** The collation of a name, in any case; `utf8_…` is utf8mb3's. */
export function collationByName(name: string, flavor: ServerFlavor = 'mysql'): Collation | undefined {
  const key = modernName(name)
  return (flavor === 'mariadb' ? mariadbByName.get(key) : undefined) ?? byName.get(key)
}

/** The character set of a name, in any case; `utf8` is utf8mb3. */
export function charsetByName(name: string): Charset | undefined {
  return charsets.get(modernName(name))
}

export function defaultCollation(charset: Charset, flavor: ServerFlavor = 'mysql'): Collation {
  const mariadbs = flavor === 'mariadb' && charset.name === 'utf8mb4'
  return byName.get(mariadbs ? 'utf8mb4_general_ci' : charset.defaultCollation)!
}

/**
 * Why a character set cannot be a client's, or undefined if it can.
 *
 * `wide`: ASCII text is not ASCII bytes in it; MySQL refuses these itself (is_supported_parser_charset).
 * `ambiguous`: the second byte of a character may be `\` or `'`; a lexer that reads bytes would see quotes and
 * escapes that are none, which is an injection hole.
 */
export function clientCharsetProblem(charset: Charset): 'wide' | 'ambiguous' | undefined {
  if (isWide(charset.name)) return 'wide'
  return AMBIGUOUS.has(charset.name) ? 'ambiguous' : undefined
}

/** Whether ASCII text is not ASCII bytes in the character set of this name. */
export function isWide(charset: string): boolean {
  return WIDE.has(charset)
}

const WIDE: ReadonlySet<string> = new Set(['ucs2', 'utf16', 'utf16le', 'utf32'])
const AMBIGUOUS: ReadonlySet<string> = new Set(['big5', 'cp932', 'gb18030', 'gbk', 'sjis'])

const charsets = new Map<string, Charset>()
const byId = new Map<number, Collation>()
const byName = new Map<string, Collation>()
/** What MariaDB calls otherwise than MySQL. */
const mariadbById = new Map<number, Collation>()
const mariadbByName = new Map<string, Collation>()

for (const [name, bytesPerCharMax, defaultCollation, mysqlList, mariadbList] of charsetTable) {
  const charset: Charset = { name, bytesPerCharMax, defaultCollation }
  charsets.set(name, charset)
  for (const collation of parseList(charset, mysqlList)) add(collation)
  for (const collation of parseList(charset, mariadbList)) addMariadb(collation)
}
for (const [name, base] of Object.entries(uca1400Table.bases)) {
  for (const collation of parseList(charsets.get(name)!, uca1400Table.collations, 'uca1400_', base)) {
    add(collation)
  }
}

/** Parses `id suffix,id suffix,…` into collations of one character set. */
function parseList(charset: Charset, list: string, prefix = '', base = 0): Collation[] {
  if (list === '') return []
  return list.split(',').map((entry) => {
    const [id, suffix] = entry.split(' ')
    const name = suffix === undefined ? charset.name : `${charset.name}_${prefix}${suffix}`
    return { id: base + Number(id), name, charset }
  })
}

function add(collation: Collation): void {
  byId.set(collation.id, collation)
  byName.set(collation.name, collation)
}

function addMariadb(collation: Collation): void {
  mariadbById.set(collation.id, collation)
  mariadbByName.set(collation.name, collation)
  if (!byId.has(collation.id)) byId.set(collation.id, collation)
  if (!byName.has(collation.name)) byName.set(collation.name, collation)
}

function modernName(name: string): string {
  const lower = name.toLowerCase()
  return lower === 'utf8' ? 'utf8mb3' : lower.startsWith('utf8_') ? `utf8mb3_${lower.slice(5)}` : lower
}
