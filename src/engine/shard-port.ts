import type { Condition } from '../errors/condition.ts'
import type { KeyspaceId } from '../key/keyspace-id.ts'
import type { CopiesTold, OverGroups } from '../plan/primitives.ts'
import type { DdlObject, OwnedLookup } from '../plan/write-primitives.ts'
import type { Value } from '../values/value.ts'
import type { BoundQuery, BoundText } from './bindings.ts'
import type { RowStream, StreamColumn } from './row-stream.ts'

/** One statement for some shards of a keyspace. */
export interface ShardQuery {
  readonly keyspace: string
  /** Positions in the keyspace's shards (`shardsOf`), ascending, at least one. */
  readonly shards: readonly number[]
  /** One for all of them, or one for each, in their order. */
  readonly query: BoundQuery | readonly BoundQuery[]
  /** Rows as text, whatever the client's protocol is: the query has no params then. */
  readonly asText?: true
  /**
   * The shards keep the rows, all of which are read when the streams are open, and give some at a time: what is written meanwhile is not
   * among them, and may go to the same shards. Within a transaction, with `asText`, though they come in the binary format.
   */
  readonly kept?: boolean | undefined
  /** It changes rows and tells of them: RETURNING. */
  readonly writes?: true
}

/** What number `i` of the shards gets. */
export function queryOf({ query }: Pick<ShardQuery, 'query'>, i: number): BoundQuery {
  return 'kind' in query ? query : query[i]!
}

/** A file of the client's, which is asked for once. */
export interface ClientFile {
  /** Its next bytes, or undefined at its end. Rejects when the statement is to end, or the client has gone. */
  next(): Promise<Buffer | undefined>
  /** Resolves when the client has sent all of it, read or not: only then it hears an answer. */
  close(): Promise<void>
}

/** LOAD DATA LOCAL on one shard, which reads what it is sent. */
export interface ShardLoad {
  /** The bytes are the shard's from now on. Given a promise, wait for it. Throws what has ended the connection. */
  write(bytes: Buffer): Promise<void> | undefined
  /** Its file is complete. Once, whatever has happened; throws the shard's error. */
  end(): Promise<WriteAnswer>
}

/** A temporary table, on a connection of its own, that hides the one that rows are meant for. It is gone when this is closed. */
export interface LoadStage {
  /** LOAD DATA LOCAL into it, as the client says it. Throws what the server says instead. */
  load(query: BoundQuery): Promise<ShardLoad>
  /** Its rows, in the binary format, as `copying` writes them. */
  rows(sql: string): Promise<RowStream>
  close(): Promise<void>
}

export interface LeftByLoad {
  /** By their names, in lower case: bytes of texts. */
  readonly variables: ReadonlyMap<string, Buffer | null>
  /** Of the texts, by its name. */
  readonly collation: string
  /** LAST_INSERT_ID(), where it is another one now. */
  readonly insertId: bigint | undefined
}

/** One statement for one shard. */
export interface ShardWrite {
  readonly keyspace: string
  /** Position in the keyspace's shards. */
  readonly shard: number
  readonly query: BoundQuery
  /** Of an INSERT. */
  readonly rows?: WrittenRows
  /** It changes no row that is there already. */
  readonly onlyNewRows?: boolean
  /** Rows that are written down again as they were: no value is refused or changed that a table may hold. */
  readonly copiesRows?: boolean
  /** A query of one number that is asked behind the answer, in the same transaction; undefined where it tells enough. */
  followUp?(answer: WriteAnswer): string | undefined
}

/** The rows of a statement that one shard inserts, in its order. */
export interface WrittenRows<Statement = BoundText> {
  /** Number of each in the client's statement, from 1, ascending. */
  readonly numbers: readonly number[]
  /** The shard's statement with the first `count` of them alone. */
  first(count: number): Statement
}

/** A row of a lookup table: where rows of its owner with these values are. */
export interface LookupEntry {
  readonly lookup: OwnedLookup
  readonly values: readonly Value[]
  readonly id: KeyspaceId
  /** What the id comes from, where it was read with the values. */
  readonly placing?: readonly Value[]
}

/**
 * Rows of lookup tables, written within the statement's transaction; those of consistent lookup vindexes are there before it
 * commits what it writes otherwise, and are gone after that.
 */
export interface LookupTables {
  /** Of one lookup table. Throws ER_DUP_ENTRY where a value of a unique one is there already. */
  add(entries: readonly LookupEntry[]): Promise<void>
  /** Of one lookup table, whose rows are locked then: the ids that values have. */
  find(lookup: OwnedLookup, values: readonly Value[]): Promise<readonly KeyspaceId[]>
  /** The value of a unique one belongs to another id from now on. */
  change(entry: LookupEntry): Promise<void>
  /** Of one lookup table. `isLeft`: whether the owner still has such a row, once nobody else can enter one. */
  remove(entries: readonly LookupEntry[], isLeft: LeftRows): Promise<void>
}

/** Which of these entries rows of their owner have, as whoever runs the lookup tables' statements sees them. */
export type LeftRows = (
  entries: readonly LookupEntry[],
  through: LookedThrough,
) => Promise<ReadonlySet<LookupEntry>>

export interface LookedThrough {
  readonly port: Pick<ShardPort, 'openStreams'>
  /** Otherwise it fails where somebody else has locked a row. */
  readonly waits: boolean
}

/** What a shard's OK packet said, and the conditions behind it. */
export interface WriteAnswer {
  readonly affectedRows: number | bigint
  readonly lastInsertId: number | bigint
  /** As counted by the shard; it keeps no more than max_error_count of them as `conditions`. */
  readonly warnings: number
  readonly info: string
  readonly conditions: readonly Condition[]
  /** What `followUp` was answered; null for NULL. */
  readonly followUp?: string | null
}

export interface ToldConditions {
  readonly conditions: readonly Condition[]
  /** As counted, before they were cut to max_error_count. */
  readonly count: number
}

/** Looks at the answers while all of it can be undone: when it throws, nothing has happened. */
export type Judge = (answers: readonly WriteAnswer[]) => void

/** Texts are binary strings. */
export interface StoredQuestion {
  /** Of columns, without their names. */
  readonly definitions: readonly string[]
  /** Each with an expression for each column. */
  readonly rows: readonly (readonly string[])[]
}

export interface StoredAnswer {
  readonly values: readonly (readonly Value[])[]
  /** Something has been stored as another value. */
  readonly hasWarned: boolean
}

/** A place for temporary tables. Whoever opened it says `open` or `close`, after which it is gone. */
export interface Scratch {
  /**
   * Runs statements (binary strings) that make or fill temporary tables, sent at once: no value is refused or changed that a
   * table may hold. Answers the number of their warnings.
   */
  run(...statements: readonly (string | Buffer)[]): Promise<number>
  /** Runs statements that make temporary tables of what the client's expressions are, under its settings. */
  make(...statements: readonly string[]): Promise<void>
  /** Has the server look at the client's query, and throws what it says of its names and types. Answers its columns. */
  check(query: BoundQuery, node: CopiesTold): Promise<readonly StreamColumn[]>
  /**
   * Runs the client's query with the client's settings; its columns are told as those of the tables that were copied, or as those
   * that `check` has answered where they are of groups. The copies are there until its rows have ended or are closed.
   */
  open(query: BoundQuery, node: CopiesTold & OverGroups, checked: readonly StreamColumn[]): Promise<RowStream>
  /** Runs the client's statement, which answers an OK, with the client's settings. Throws what the server says, as `open`. */
  write(query: BoundQuery, node: CopiesTold): Promise<WriteAnswer>
  /** Runs a statement that makes the temporary table, as `write`, and answers how that is defined from its name on (a binary string). */
  define(query: BoundQuery, node: CopiesTold, table: string): Promise<string>
  /** Unless its rows are being read, the connection is given back without the tables. */
  close(): Promise<void>
}

/** Statements of the proxy's own, planned as the client's are and in the same transaction. Texts are binary strings. */
export interface OwnStatements {
  /** How many statements stand above this one: 0 for the client's. */
  readonly depth: number
  /** All rows of a query. */
  rows(sql: string): Promise<readonly (readonly Value[])[]>
  /** An UPDATE or DELETE. */
  change(sql: string): Promise<void>
}

export interface OutsideOptions {
  readonly foreignKeyChecks?: false
  /** It takes back what the statement has done: a KILL, a deadline or a client that has gone are no reason to leave that. */
  readonly isUndo?: true
}

/** The shards as a plan reaches them: the session supplies it, with its transaction, tablet type and what may end the statement. */
export interface ShardPort {
  /**
   * Runs a query on all shards at once; one stream a shard, in the order of `shards`, when the columns of all are known.
   * When a shard fails, the others are closed before the promise rejects with the first failure.
   */
  openStreams(query: ShardQuery): Promise<readonly RowStream[]>
  /**
   * Runs one statement on each shard, so that it happens on all or on none as far as MySQL can promise. Answers in the order
   * of the writes; rejects with the first shard's error, of inserted rows with that of the first row in the statement.
   */
  write(writes: readonly ShardWrite[], judge?: Judge): Promise<readonly WriteAnswer[]>
  /** One statement that is in no transaction and begins none: DDL. Its shard is found now, and it runs when it is called. */
  outside(write: ShardWrite, options?: OutsideOptions): () => Promise<WriteAnswer>
  /**
   * Runs `work` while no other session, of whatever proxy, has any for one of `names` in the keyspace. Waits as long as a server
   * waits for a table's lock. Throws 1205 after that, and what ends the statement.
   */
  exclusively<T>(keyspace: string, names: readonly string[], work: () => Promise<T>): Promise<T>
  /** How a shard defines an object, without counters; undefined where it has none. Throws what else the server says. */
  definition(keyspace: string, shard: number, object: DdlObject): Promise<string | undefined>
  /** The implicit COMMIT ahead of DDL. */
  commit(): Promise<void>
  /** Tables may have other columns now; resolves when plans may rely on them. */
  schemaChanged(keyspace: string, tables: readonly string[]): Promise<void>
  /** Of the streams that have been read to their end, all warnings. */
  readonly warnings: number
  /** What these, or the statement over copies, have warned of. */
  conditions(): ToldConditions | Promise<ToldConditions>
  /** Whether a shard has warned of a date that it has made 0000-00-00 in a temporary table, or may have: of streams as `warnings`. */
  lostDates(): Promise<boolean>
  /** sql_mode makes the servers lose such dates without a warning. */
  readonly hidesLostDates: boolean
  /** Whether WHERE, ON or LIMIT has the text as a literal or param, and no other clause has. */
  isInCondition(text: string): boolean
  /** What columns of a temporary table hold of expressions, under the session's settings, whatever its sql_mode refuses. */
  asStored(keyspace: string, question: StoredQuestion): Promise<StoredAnswer>
  /** As `OfStatement` of conditions that are merged has it. */
  readonly saysNullsOnce: boolean
  /**
   * A connection of the statement's own to some server of the keyspace, or of the one that all copies are made in, in no
   * transaction. `isOfKeyspace`: it has that keyspace's database.
   */
  openScratch(keyspace: string, options?: { readonly isOfKeyspace: true }): Promise<Scratch>
  readonly lookups: LookupTables
  readonly own: OwnStatements
  /** Within a statement that writes several times: when it rejects, nothing of `work` is left. */
  attempt<T>(work: () => Promise<T>): Promise<T>
  /** Asks the client for a file by its name; what is answered goes to the client behind it. */
  askForFile(name: Uint8Array): ClientFile
  /** Begins LOAD DATA LOCAL on a shard, in the transaction; resolves when it waits for its file. */
  openLoad(load: Pick<ShardWrite, 'keyspace' | 'shard' | 'query'>): Promise<ShardLoad>
  /** Makes the temporary table of a load on some server of the keyspace. */
  openStage(keyspace: string, sql: string): Promise<LoadStage>
  /** The same shards for rows that are written as they are: no value is refused or changed that a table may hold. */
  readonly copying: ShardPort
  /** What LOAD DATA leaves to the session; the variables on connections are not those. */
  leave(left: LeftByLoad): void
  /** The session's own connection to a shard, in its transaction if there is one: what is left there when it is closed stays. */
  openScratchOn(keyspace: string, shard: number): Promise<Scratch>
  /** Reserves `count` consecutive numbers of a sequence; the answer is the first. */
  nextIds(keyspace: string, table: string, count: number): Promise<bigint>
  /** From here on the sequence gives higher numbers than this one. */
  passId(keyspace: string, table: string, id: bigint): Promise<void>
}
