import type { ByteBudget } from '../base/byte-budget.ts'
import type { Clock } from '../base/clock.ts'
import type { ClientConnection } from '../mysql/server/session-handler.ts'
import type { Gateway } from '../tablet/gateway.ts'
import type { HotRows } from '../tablet/hot-rows.ts'
import type { ToldText } from '../tablet/keyspace-names.ts'
import type { Sequences } from '../tablet/sequences.ts'
import type { ReadAfterWriteOptions } from '../tablet/session-gateway.ts'
import type { Logger } from '../telemetry/log.ts'
import type { AtomicCommits } from '../transaction/atomic-commits.ts'
import type { TransactionMode } from '../transaction/transaction.ts'
import type { VSchema } from '../vschema/model.ts'
import type { KillElsewhere } from './commands/kill-request.ts'
import type { QueryRules } from './rules/query-rules.ts'
import type { Target } from './settings/target.ts'
import type { Judgements } from './statements/judgements.ts'
import type { PlanCache } from './statements/plan-cache.ts'
import type { UserLoads } from './user-loads.ts'

export interface SessionLimits {
  /** Bytes of one command; longer ones are refused with 1153. */
  readonly maxAllowedPacket: number
  /** Bytes of what one session, and all of them together, may hold: user variables, prepared statements, rows in memory. */
  readonly sessionMemoryMax: number
  readonly memoryMax: number
  /** Bytes that reading one statement may take. */
  readonly parserMemoryMax: number
  /** Bytes of the plans that are kept. */
  readonly planMemoryMax: number
  /** Prepared statements of one session. */
  readonly preparedStatementsMax: number
  /** wait_timeout and interactive_timeout as sessions begin. */
  readonly idleTimeoutMs: number
  /** 0: none. */
  readonly queryTimeoutMs: number
  /** 0: none. */
  readonly transactionTimeoutMs: number
  readonly idleTransactionMs: number
  /** Rows that a statement may answer; 0: any number. */
  readonly answerRowsMax: number
  /** Writes wait while a replica of their shard is further behind, so long at most; 0: they do not. */
  readonly writeLagMaxMs: number
  readonly writeWaitMs: number
  /** transaction_mode as sessions begin. */
  readonly transactionMode: TransactionMode
  /** read_after_write as sessions begin. */
  readonly readAfterWrite: ReadAfterWriteOptions
  /** Rows and bytes that one statement may bring together from several shards where it is answered over copies of its tables. */
  readonly copiedRowsMax: number
  readonly copiedBytesMax: number
  /** On whose servers the copies are made; undefined: on those of the tables. */
  readonly copiesKeyspace?: string | undefined
}

export interface Pin {
  /** `shop/-80`. */
  readonly shard: string
  /** `open transaction`, `temporary table shop.t`, `LOCK TABLES` … */
  readonly why: string
}

/** A session, as others see it: KILL, SHOW PROCESSLIST, SHOW SHARDGATE SESSIONS. */
export interface LiveSession {
  readonly client: Pick<ClientConnection, 'id' | 'identity' | 'remoteHost' | 'remotePort'>
  readonly state: { readonly target: Target }
  readonly interruption: { readonly isBusy: boolean; killedByOther(what: 'query' | 'connection'): void }
  /** Epoch ms of the last command's beginning. */
  readonly lastCommandMs: number
  /** The statement that runs: by which command, in the words of the process list, and its text. */
  /** Why it keeps connections, each with its shard and what for; empty: every statement may have another one. */
  readonly pins: readonly Pin[]
  readonly isInTransaction: boolean
  readonly running: { readonly command: 'Query' | 'Execute'; readonly text: string } | undefined
  /** Has the connections that it keeps say something to their servers. */
  keepAlive(): void
}

/** Keyspaces that CREATE DATABASE makes and DROP DATABASE drops: unsharded, on the servers of another one. */
export interface DatabaseEditor {
  /** The keyspace on whose servers they are. */
  readonly beside: string
  /** Writes it to the topology; its database is there already. Throws 1007 where another one was faster. */
  create(keyspace: string): Promise<void>
  /** Why a keyspace is none that may be dropped; undefined for one that may. */
  obstacle(keyspace: string): string | undefined
  /** Takes it out of the topology; its database is still there. */
  drop(keyspace: string): Promise<void>
  /** Resolves when this process serves it, or serves it no more. Throws where the topology does not tell of it in time. */
  untilServed(keyspace: string, isServed: boolean): Promise<void>
}

/** What all sessions of a proxy share. */
export interface ProxyContext {
  readonly gateway: Gateway
  readonly sequences: Sequences
  readonly atomic: AtomicCommits
  readonly clock: Clock
  /** Epoch ms, right to within a second: reading the clock for every statement would cost more than it tells. */
  readonly coarseNowMs: number
  readonly log: Logger
  readonly limits: SessionLimits
  /** Undefined where writers of one row do not wait for each other here. */
  readonly hotRows: HotRows | undefined
  readonly userLoads: UserLoads
  /** Undefined while there are none. */
  readonly rules: QueryRules | undefined
  /** What all sessions hold; each has a part of it. */
  readonly memory: ByteBudget
  /** Live sessions of this process by connection id. */
  readonly sessions: Map<number, LiveSession>
  /** Commands of all sessions so far that ran a statement. */
  questions: number
  /** Set where other processes share the port. */
  readonly killElsewhere: KillElsewhere | undefined
  /** Changes with every VSchema or topology that plans depend on: plans of another generation are not used. */
  readonly generation: number
  readonly vschema: VSchema
  /** As announced to clients; versioned comments are read by the same number (80400, 101100). */
  readonly serverVersion: string
  readonly serverVersionNumber: number
  readonly isMariadb: boolean
  /** sql_mode that sessions begin with, as the servers have it; undefined while none has told. */
  readonly defaultSqlMode: string | undefined
  /** A server's message with the names of keyspaces in place of those of databases. */
  inKeyspaceNames(told: ToldText): string
  /** A keyspace, or a database in which one lies, has this name, in lower case. */
  isKeyspaceOrDatabase(folded: string): boolean
  /** The plans of one target and sql_mode, for this generation. */
  plansOf(target: Target, sqlMode: number): PlanCache
  /** What MySQL has said of plans that are in use. */
  readonly judgements: Judgements
  /**
   * Makes a keyspace's VSchema anew of what it is in the topology (undefined: none); resolves when this process serves by it.
   * Throws where it has mistakes. Absent where there is no topology to write to.
   */
  readonly changeVSchema:
    | ((keyspace: string, change: (vschema: unknown) => unknown) => Promise<void>)
    | undefined
  /** Makes and drops keyspaces for CREATE and DROP DATABASE; undefined where the configuration does not allow it. */
  readonly databases: DatabaseEditor | undefined
  /** Reads the columns of tables again after a DDL; resolves when plans may rely on them. */
  schemaChanged(keyspace: string, tables: readonly string[]): Promise<void>
}
