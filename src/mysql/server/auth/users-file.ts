import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { yamlMistake } from '../../../base/yaml-mistake.ts'
import { type Access, USUAL_ACCESS } from './access.ts'
import { type Credential, credentialOf, User } from './credentials.ts'
import { parseSha256Crypt } from './sha256-crypt.ts'
import { rulesFor } from './table-rules.ts'

/**
 * Users in YAML or JSON:
 *
 *     users:
 *       app:
 *         - caching_sha2: '$A$005$…'   # authentication_string of mysql.user, also as hex (0x2441… or 2441…)
 *         - native: '*6BB4837E…'       # SHA1(SHA1(password)); several entries: each is accepted, for rotation
 *       dev:
 *         - password: secret           # in clear, for development
 *       ops:
 *         role: admin                  # default app: an ordinary user of MySQL
 *         keyspaces: [shop]            # the only ones that may be used; default all
 *         limits: {connections: 50, rate: 200, concurrency: 10}  # of each process; rate: statements a second
 *         groups: [staff]              # names that table_groups may mention
 *         credentials: [{native: '*6BB4837E…'}]
 *     table_groups:                    # of a table's several the first counts; tables in none are anybody's
 *       - tables: [shop.salary, shop.pay%]   # what users and groups may do to them; those with role admin, anything
 *         readers: [staff]
 *         writers: [app]
 *         ddl: []
 *         admins: []                   # all three
 *
 * The file of Vitess's static authentication is read as well:
 * `{"app": [{"MysqlNativePassword": "*…", "CachingSha2Password": "*…", "Password": "…", "UserData": "…"}]}`.
 * Unlike there, an entry without any password form is an error, not an empty password.
 */
export function parseUsers(text: string): ReadonlyMap<string, User> {
  const document = readYaml(text) ?? {}
  const schema = isOurs(document) ? ours : vitess
  const parsed = schema.safeParse(document)
  if (!parsed.success) throw new UsersFileError(parsed.error.issues.map(describeIssue).join('; '))
  const { users, tableGroups } = parsed.data
  return new Map(
    Object.entries(users).map(([name, { credentials, access, groups }]) => {
      const tables = rulesFor(tableGroups, { name, groups })
      return [name, new User(name, credentials, tables === undefined ? access : { ...access, tables })]
    }),
  )
}

/** The users of a file; what is wrong names it. */
export function parseUsersFile(path: string, content: Buffer): ReadonlyMap<string, User> {
  try {
    return parseUsers(content.toString())
  } catch (error) {
    if (error instanceof UsersFileError) throw new UsersFileError(`${path}: ${error.message}`)
    throw error
  }
}

/** What is wrong, in one line with the path of each mistake and never with a secret. */
export class UsersFileError extends Error {}

function readYaml(text: string): unknown {
  try {
    return parseYaml(text)
  } catch (error) {
    throw new UsersFileError(yamlMistake(error as Error)) // without its cause, which quotes the file
  }
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  return place === '' ? message : `${place.replace(/^\./, '')}: ${message}`
}

function hexOf(bytes: number, what: string) {
  return z
    .string()
    .regex(
      new RegExp(`^\\*[0-9A-Fa-f]{${bytes * 2}}$`),
      `expected '*' and ${bytes * 2} hexadecimal digits, ${what}`,
    )
    .transform((text) => Buffer.from(text.slice(1), 'hex'))
}

const sha1Hash = hexOf(20, 'SHA1(SHA1(password))')
const sha256Hash = hexOf(32, 'SHA256(SHA256(password))')

/** An authentication string of caching_sha2_password, or the hash that its fast path needs. */
const cachingSha2 = z.string().transform((text, context): Credential => {
  const hex = /^(?:0x)?((?:[0-9A-Fa-f]{2})+)$/.exec(text)
  const crypt = parseSha256Crypt(hex === null ? Buffer.from(text, 'latin1') : Buffer.from(hex[1]!, 'hex'))
  if (crypt !== undefined) return { crypt }
  const sha256 = sha256Hash.safeParse(text)
  if (sha256.success) return { sha256: sha256.data }
  context.addIssue({ code: 'custom', message: "expected '$A$…' as in mysql.user, or its hexadecimal form" })
  return z.NEVER
})

const ourCredential = z
  .strictObject({
    native: sha1Hash.optional(),
    caching_sha2: cachingSha2.optional(),
    password: z.string().optional(),
  })
  .refine(hasSomething, 'expected one of native, caching_sha2, password')
  .transform(({ native, caching_sha2, password }): Credential => {
    if (password !== undefined) return credentialOf(Buffer.from(password))
    return { native, ...caching_sha2 }
  })

const vitessCredential = z
  .strictObject({
    MysqlNativePassword: sha1Hash.optional(),
    CachingSha2Password: sha256Hash.optional(),
    Password: z.string().optional(),
    UserData: z.string().optional(),
    SourceHost: z.literal('').optional(),
    Groups: z.array(z.string()).nullish(),
  })
  .refine(
    ({ MysqlNativePassword, CachingSha2Password, Password }) =>
      hasSomething({ MysqlNativePassword, CachingSha2Password, Password }),
    'expected one of MysqlNativePassword, CachingSha2Password, Password',
  )
  .transform(({ MysqlNativePassword, CachingSha2Password, Password }): Credential => {
    if (MysqlNativePassword || CachingSha2Password) {
      return { native: MysqlNativePassword, sha256: CachingSha2Password }
    }
    return credentialOf(Buffer.from(Password ?? ''))
  })

/** One credential or several. */
function oneOrMore<T extends z.ZodType<Credential>>(credential: T) {
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(credential).min(1))
}

/** What a file says of one user. */
interface Account {
  readonly credentials: readonly Credential[]
  readonly access: Access
  readonly groups: readonly string[]
}

function usual(credentials: readonly Credential[]): Account {
  return { credentials, access: USUAL_ACCESS, groups: [] }
}

const accountWithAccess = z
  .strictObject({
    role: z.enum(['app', 'admin'], 'expected app or admin').default('app'),
    keyspaces: z
      .array(z.string().min(1, 'expected the name of a keyspace'))
      .min(1, 'expected the names of keyspaces; leave it out to allow all')
      .optional(),
    limits: z
      .strictObject({
        connections: z.number().int().min(1).optional(),
        rate: z.number().positive().optional(),
        concurrency: z.number().int().min(1).optional(),
      })
      .optional(),
    groups: z.array(z.string().min(1)).default([]),
    credentials: oneOrMore(ourCredential),
  })
  .transform(({ role, keyspaces, limits, groups, credentials }): Account => {
    return {
      credentials,
      groups,
      access: { role, keyspaces: keyspaces && new Set(keyspaces), ...(limits && { limits }) },
    }
  })

/** Credentials alone, or an object that says what the user may do beside them. */
const ourAccount = z.unknown().transform((value, context): Account => {
  const isWithAccess =
    typeof value === 'object' &&
    value !== null &&
    ['role', 'keyspaces', 'limits', 'groups', 'credentials'].some((key) => key in value)
  const parsed = (isWithAccess ? accountWithAccess : oneOrMore(ourCredential).transform(usual)).safeParse(
    value,
  )
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues)
    context.addIssue({ code: 'custom', path: issue.path, message: issue.message })
  return z.NEVER
})

const names = z.array(z.string().min(1)).default([])

const tableGroup = z.strictObject({
  tables: z
    .array(
      z
        .string()
        .regex(/^[^.%]+\.[^%]+%?$|^[^.%]+\.%$/, 'expected keyspace.table, keyspace.prefix% or keyspace.%'),
    )
    .min(1),
  readers: names,
  writers: names,
  ddl: names,
  admins: names,
})

const ours = z
  .strictObject({
    users: z.record(z.string(), ourAccount),
    table_groups: z.array(tableGroup).default([]),
  })
  .transform(({ users, table_groups: tableGroups }) => ({ users, tableGroups }))
const vitess = z
  .record(z.string(), oneOrMore(vitessCredential).transform(usual))
  .transform((users) => ({ users, tableGroups: [] }))

function hasSomething(fields: Readonly<Record<string, unknown>>): boolean {
  return Object.values(fields).some((value) => value !== undefined)
}

/** Our files have an object of users in `users`. */
function isOurs(document: unknown): boolean {
  if (typeof document !== 'object' || document === null || !('users' in document)) return false
  return !Array.isArray(document.users)
}
