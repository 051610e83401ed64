import type { Denial } from '../plan/needs.ts'
import type { PassedOn } from './judge-tokens.ts'
import { denialOfRead } from './system-tables.ts'
import { words } from './words.ts'

function privilege(privileges: string): Denial {
  return { kind: 'Privilege', privileges }
}

const REPLICATION = privilege('SUPER or REPLICATION_SLAVE_ADMIN')
const TABLESPACES = privilege('CREATE TABLESPACE')
const BACKUP = privilege('BACKUP_ADMIN')
const PROCESS = privilege('PROCESS')
const REPLICATION_CLIENT = privilege('SUPER, REPLICATION CLIENT')
const REPLICATION_SLAVE = privilege('REPLICATION SLAVE')

/** What CREATE, ALTER, DROP and RENAME need for what belongs to the whole server; undefined: nothing special. */
export function denialOfObject(verb: string, object: string): Denial | undefined {
  switch (object) {
    case 'USER':
      return privilege('CREATE USER')
    case 'ROLE':
      return privilege(verb === 'DROP' ? 'CREATE USER, DROP ROLE' : 'CREATE USER, CREATE ROLE')
    case 'SERVER':
      return privilege('SUPER')
    case 'TABLESPACE':
    case 'LOGFILE':
      return TABLESPACES
    case 'RESOURCE':
      return privilege('RESOURCE_GROUP_ADMIN')
    case 'SPATIAL':
      return privilege('SUPER or CREATE_SPATIAL_REFERENCE_SYSTEM')
    case 'INSTANCE':
      return privilege('SUPER or ENCRYPTION_KEY_ADMIN')
    default:
      return undefined
  }
}

/** What FLUSH needs, by its first option. */
export function denialOfFlush(option: string): Denial {
  switch (option.split(' ')[0]) {
    case 'PRIVILEGES':
    case 'TABLES':
    case 'STATUS':
    case 'USER_RESOURCES':
    case 'OPTIMIZER_COSTS':
      return privilege(`RELOAD or FLUSH_${option.split(' ')[0]}`)
    default:
      return privilege('RELOAD')
  }
}

/** GRANT and REVOKE: what an account without GRANT OPTION is told depends on what is granted. */
export function denialOfGrant(verb: string, text: PassedOn): Denial | undefined {
  if (verb !== 'GRANT' && verb !== 'REVOKE') return undefined
  let on = 1
  while (on < text.length && text.bare(on) !== 'ON') on++
  if (on === text.length)
    return privilege(text.bare(1) === 'ALL' ? 'CREATE USER' : 'WITH ADMIN, ROLE_ADMIN, SUPER')
  const object = ['TABLE', 'FUNCTION', 'PROCEDURE'].includes(text.bare(on + 1)) ? on + 2 : on + 1
  if (text.word(object) === '*' && text.word(object + 1) === '.')
    return verb === 'GRANT' ? { kind: 'Account' } : privilege('CREATE USER')
  const first = text.name(object)
  if (first === undefined || text.bare(1) === 'PROXY') return privilege('CREATE USER')
  if (text.word(object + 2) === '*') return { kind: 'Database', database: first }
  const table = text.word(object + 1) === '.' ? text.name(object + 2) : first
  return { kind: 'Table', command: verb, schema: first, table: table ?? first }
}

/** What a statement that begins with these words needs, whatever follows; undefined where it may be an ordinary one. */
export function denialOfServerVerb(verb: string, next: string, second: string): Denial | undefined {
  switch (verb) {
    case 'GRANT':
    case 'REVOKE':
      return privilege('CREATE USER')
    case 'SHUTDOWN':
    case 'RESTART':
      return privilege('SHUTDOWN')
    case 'RESET':
      return privilege(next === 'BINARY' || next === 'MASTER' ? 'RELOAD or FLUSH_TABLES' : 'RELOAD')
    case 'INSTALL':
    case 'UNINSTALL':
      return {
        kind: 'Table',
        command: verb === 'INSTALL' ? 'INSERT' : 'DELETE',
        schema: 'mysql',
        table: next === 'COMPONENT' ? 'component' : 'plugin',
      }
    case 'PURGE':
      return privilege('SUPER or BINLOG_ADMIN')
    // `ALTER TABLE t CHANGE a b INT` is a column's.
    case 'CHANGE':
      return next === 'MASTER' || next === 'REPLICATION' ? REPLICATION : undefined
    case 'START':
    case 'STOP':
      if (next === 'TRANSACTION') return undefined
      return next === 'GROUP_REPLICATION' ? privilege('SUPER or GROUP_REPLICATION_ADMIN') : REPLICATION
    case 'CLONE':
      return next === 'INSTANCE' ? privilege('CLONE_ADMIN') : BACKUP
    case 'BINLOG':
      return privilege('SUPER, BINLOG_ADMIN or REPLICATION_APPLIER')
    case 'IMPORT':
      return { kind: 'Account' }
    case 'BACKUP':
      return BACKUP
    case 'LOAD': // DATA FROM S3 reads files of the server, with MySQL 9.7 any that it can
      return next === 'INDEX' ? undefined : { kind: 'Account' }
    case 'LOCK':
    case 'UNLOCK':
      return next === 'INSTANCE' ? BACKUP : undefined
    case 'FLUSH':
      return denialOfFlush(
        next === 'LOCAL' || next === 'NO_WRITE_TO_BINLOG' ? '' : next === 'TABLE' ? 'TABLES' : next,
      )
    case 'KILL':
      return privilege('CONNECTION_ADMIN') // ids of a server's own connections
    case 'XA':
      return next === 'RECOVER' ? privilege('XA_RECOVER_ADMIN') : undefined
    case 'SHOW':
      return denialOfShown(next, second)
    case 'SET':
      return denialOfSetWord(next, second)
    default:
      return undefined
  }
}

function denialOfSetWord(next: string, second: string): Denial | undefined {
  switch (next) {
    case 'PASSWORD':
      return { kind: 'Database', database: 'mysql' }
    case 'ROLE':
      return second === '=' || second === ':=' ? undefined : privilege('ROLE_ADMIN')
    case 'DEFAULT':
      return second === 'ROLE' ? privilege('CREATE USER') : undefined
    case 'RESOURCE':
      return second === 'GROUP' ? privilege('RESOURCE_GROUP_ADMIN OR RESOURCE_GROUP_USER') : undefined
    default:
      return undefined
  }
}

/** What SHOW needs, by the words behind it and its modifiers; what is not known of here is for administrators. */
export function denialOfShown(first: string, second: string): Denial | undefined {
  switch (first) {
    case 'FULL':
    case 'EXTENDED':
    case 'ALL':
      return denialOfShown(second, '')
    case 'GRANTS':
      return { kind: 'Table', command: 'SELECT', schema: 'mysql', table: 'user' }
    case 'CREATE':
      return SHOWN_CREATE.has(second) ? undefined : { kind: 'Database', database: 'mysql' }
    case 'ENGINE':
    case 'PROCESSLIST':
    case 'EXPLAIN':
    case 'ANALYZE':
    case 'MUTEX':
    case 'INNODB':
      return PROCESS
    case 'BINARY':
    case 'MASTER':
      return REPLICATION_CLIENT
    case 'REPLICA':
    case 'SLAVE':
    case 'SLAVES':
      return second === 'HOSTS' ? REPLICATION_SLAVE : REPLICATION_CLIENT
    case 'BINLOG':
    case 'RELAYLOG':
    case 'REPLICAS':
      return REPLICATION_SLAVE
    default:
      // MariaDB shows any table of information_schema by its name.
      return SHOWN_TO_ALL.has(first) ? undefined : denialOfRead('information_schema', first)
  }
}

/** Not USER, nor MariaDB's SERVER, which tells a password. */
const SHOWN_CREATE = words(`
  TABLE VIEW DATABASE SCHEMA PROCEDURE FUNCTION TRIGGER EVENT PACKAGE SEQUENCE LIBRARY MATERIALIZED
`)

const SHOWN_TO_ALL = words(`
  AUTHORS CHAR CHARACTER CHARSET COLLATION COLUMNS CONTRIBUTORS COUNT DATABASES ENGINES ERRORS EVENTS
  FIELDS FUNCTION GLOBAL INDEX INDEXES KEYS KEYSPACES LIBRARY LOCAL OPEN PACKAGE PARSE_TREE PLUGINS
  PRIVILEGES PROCEDURE PROFILE PROFILES SCHEMAS SESSION STATUS STORAGE TABLE TABLES TRIGGERS UNRESOLVED
  VARIABLES WARNINGS
`)

/** Words that begin a statement of the server's, and are names elsewhere. */
const VERBS = words(`
  GRANT REVOKE SHUTDOWN RESTART RESET INSTALL UNINSTALL PURGE CHANGE START STOP CLONE BINLOG IMPORT BACKUP
  LOCK UNLOCK FLUSH SET KILL XA SHOW LOAD
`)

/** Reserved everywhere: never a name without quotes. */
const RESERVED_VERBS = words(`
  GRANT REVOKE PURGE SET LOCK UNLOCK KILL SHOW LOAD
`)

/** Words behind which a name or an operand stands, and no statement can begin: reserved, or XA, as in XA START. */
const BEFORE_NAMES = words(`
  SELECT DISTINCT ALL FROM JOIN INTO UPDATE TABLE WHERE HAVING ON AND OR XOR NOT BY AS WHEN CASE IN LIKE
  BETWEEN IS DIV MOD SET CALL TO COLUMN KEY INDEX CONSTRAINT DECLARE RETURN ADD USING PROCEDURE TRIGGER
  EXISTS RELEASE CURSOR FETCH ELSEIF XA
`)

/** Why not, where a statement of the server's may begin inside of a text; `at` is at a name. */
export function denialOfVerb(text: PassedOn, at: number): Denial | undefined {
  const verb = text.bare(at)
  const next = text.bare(at + 1)
  if (verb === 'CREATE' || verb === 'ALTER' || verb === 'DROP' || verb === 'RENAME') {
    const object = objectAt(text, at + 1)
    // The statement itself is judged by its tree; in a program nobody makes or drops a database.
    const isDatabase = at > 0 && (object === 'DATABASE' || object === 'SCHEMA')
    return isDatabase
      ? { kind: 'Database', database: databaseAt(text, at + 2) }
      : denialOfObject(verb, object)
  }
  if (verb === 'PREPARE' && text.bare(at + 2) === 'FROM') return denialOfInner(text, at + 3)
  if (verb === 'EXECUTE' && next === 'IMMEDIATE') return denialOfInner(text, at + 2)
  if (verb === 'SONAME' && text.type(at + 1) === 'String') return { kind: 'Database', database: 'mysql' }
  if (verb === 'FOR' && next === 'CONNECTION') return PROCESS
  if (verb === 'FOR' && (next === 'SCHEMA' || next === 'DATABASE'))
    return { kind: 'Database', database: text.name(at + 2) ?? '' } // of EXPLAIN
  if (verb === 'LANGUAGE' && FOREIGN_LANGUAGES.has(next)) return DYNAMIC
  if (verb === 'LOAD' && at === 0) return undefined // judged by the kind of the statement, for it may be LOCAL
  if (!VERBS.has(verb) || !mayBegin(text, at, verb)) return undefined
  return denialOfServerVerb(verb, next, text.bare(at + 2) || text.word(at + 2))
}

/** A text within the text. One literal is judged as a statement is; whatever else it comes from cannot be. */
function denialOfInner(text: PassedOn, at: number): Denial | undefined {
  const isLiteral = text.type(at) === 'String'
  const ends = text.type(at + 1) === 'End' || text.word(at + 1) === ';' || text.bare(at + 1) === 'USING'
  return isLiteral && ends ? text.judgeInner(text.text(at)) : DYNAMIC
}

/** What is only known when the program runs cannot be judged, and runs with the account of the proxy. */
const DYNAMIC = privilege('SUPER')

function databaseAt(text: PassedOn, at: number): string {
  const name = text.bare(at) === 'IF' ? at + (text.bare(at + 1) === 'NOT' ? 3 : 2) : at
  return text.name(name) ?? ''
}

/** Of MySQL's multilingual engine; programs in these send what statements they like. */
const FOREIGN_LANGUAGES = words(`JAVASCRIPT WASM`)

/** The kind of object behind CREATE and its kin, over OR REPLACE, UNDO, IF EXISTS. */
function objectAt(text: PassedOn, from: number): string {
  let at = from
  if (text.bare(at) === 'OR') at += 2
  if (text.bare(at) === 'UNDO') at++
  if (text.bare(at) === 'SPATIAL') return text.bare(at + 1) === 'REFERENCE' ? 'SPATIAL' : ''
  return text.bare(at)
}

function mayBegin(text: PassedOn, at: number, verb: string): boolean {
  if (at === 0) return true
  const before = text.word(at - 1)
  if (before === '.') return false
  if (RESERVED_VERBS.has(verb)) return true
  if (before === ';' || before === ':' || before === ')') return true
  const type = text.type(at - 1)
  if (type === 'Operator') return false
  if (BEFORE_NAMES.has(text.bare(at - 1))) return false
  return continuesAsVerb(text, at, verb)
}

/** `flush` as a column's name has a point, an operator, a comma or the like behind it. */
function continuesAsVerb(text: PassedOn, at: number, verb: string): boolean {
  const follows = text.type(at + 1)
  if (verb === 'SHUTDOWN' || verb === 'RESTART') return follows !== 'Operator' || text.word(at + 1) === ';'
  return follows === 'Ident' || follows === 'String' || follows === 'Quoted'
}
