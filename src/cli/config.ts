import { z } from 'zod'
import { CONNECTIONS_AMONG_OTHERS_MAX, WORKERS_AMONG_OTHERS_MAX } from '../mysql/server/connection-ids.ts'
import { READ_AFTER_WRITE } from '../tablet/session-gateway.ts'
import { LOG_LEVELS } from '../telemetry/log.ts'
import { TRANSACTION_MODES } from '../transaction/transaction.ts'
import { boolean, byteSize, duration, integer, port, text, textList } from './config-values.ts'

/**
 * The configuration of `shardgate serve`, as the YAML file writes it. Every leaf is also a flag and an environment
 * variable (`listen.port`, `--listen-port`, `SHARDGATE_LISTEN_PORT`) and carries its own help text; `--help`, the
 * flags and the README's table come from here. Durations are milliseconds and sizes bytes once they are read.
 */
const shape = z.strictObject({
  topology: z
    .strictObject({
      type: z.enum(['etcd', 'files']).default('etcd').describe('Where the topology is kept: etcd or files'),
      endpoints: textList.prefault(['http://127.0.0.1:2379']).describe('etcd: its URLs, http or https'),
      prefix: text.default('/shardgate').describe('etcd: keys are under this prefix'),
      user: text.optional().describe('etcd: user name, when authentication is on'),
      password: text.optional().describe('etcd: password; better as a file'),
      password_file: text.optional().describe('etcd: file that holds the password'),
      ca: text.optional().describe('etcd: CA certificates of an https endpoint (PEM file)'),
      cert: text.optional().describe('etcd: client certificate (PEM file)'),
      key: text.optional().describe('etcd: key of the client certificate (PEM file)'),
      dir: text.optional().describe('files: directory with topology.json and the VSchemas'),
      cache_file: text
        .optional()
        .describe('The last known topology is kept in this file, to start from while the store is down'),
    })
    .prefault({}),
  cell: text.default('zone1').describe('Cell of this proxy; replicas in it are read first'),
  listen: z
    .strictObject({
      host: text.default('0.0.0.0').describe('Address for MySQL clients'),
      port: port.default(3306).describe('Port for MySQL clients; 0 takes a free one'),
      socket: text.optional().describe('Unix socket for MySQL clients, beside the port'),
      proxy_protocol: boolean
        .default(false)
        .describe('Every TCP connection begins with a PROXY header, version 1 or 2'),
      require_secure_transport: boolean
        .default(false)
        .describe('Refuse TCP connections without TLS (error 3159)'),
      tls: z
        .strictObject({
          cert: text.optional().describe('Server certificate with its chain (PEM file)'),
          key: text.optional().describe('Key of the server certificate (PEM file)'),
          ca: text
            .optional()
            .describe('CA certificates that client certificates are checked with (PEM file)'),
          require_client_cert: boolean.default(false).describe('Refuse clients without a valid certificate'),
        })
        .prefault({}),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: text.default('0.0.0.0').describe('Address of /livez, /readyz and /metrics'),
      port: port.default(15_307).describe('Port of /livez, /readyz and /metrics; 0 takes a free one'),
      enabled: boolean.default(true).describe('Serve health and metrics over HTTP'),
    })
    .prefault({}),
  users_file: text
    .optional()
    .describe('Users, their password hashes, roles and keyspaces (YAML or JSON); read again when it changes'),
  peers: z
    .strictObject({
      enabled: boolean
        .default(false)
        .describe(
          'The proxies of the topology (etcd) know each other: KILL reaches a connection of any of them, through their HTTP endpoints',
        ),
      address: text
        .optional()
        .describe(
          'host:port at which other proxies reach this one over HTTP; without it, its host name and http.port',
        ),
    })
    .prefault({}),
  query_rules_file: text
    .optional()
    .describe(
      'Rules about statements, before those of the topology (YAML or JSON); read again when it changes',
    ),
  backend: z
    .strictObject({
      user: text.optional().describe('Account on the MySQL servers behind the proxy'),
      password: z.string().optional().describe('Its password; better as a file'),
      password_file: text.optional().describe('File that holds its password'),
      tls: z
        .strictObject({
          mode: z
            .enum(['disabled', 'required', 'verify_ca', 'verify_identity'])
            .default('disabled')
            .describe('TLS to the MySQL servers: disabled, required, verify_ca or verify_identity'),
          ca: text.optional().describe('CA certificates of the MySQL servers (PEM file)'),
          cert: text.optional().describe('Client certificate for the MySQL servers (PEM file)'),
          key: text.optional().describe('Key of that certificate (PEM file)'),
        })
        .prefault({}),
    })
    .prefault({}),
  manage: z
    .strictObject({
      user: text
        .optional()
        .describe(
          'Account that ctl reparent and manage change the servers with; what it needs is in docs/design/promotion.md',
        ),
      password: z.string().optional().describe('Its password; better as a file'),
      password_file: text.optional().describe('File that holds its password'),
      replication_user: text.optional().describe('Account that replicas log in to their primary with'),
      replication_password: z.string().optional().describe('Its password; better as a file'),
      replication_password_file: text.optional().describe('File that holds its password'),
      interval: duration.prefault('1s').describe('Pause between two looks at the servers'),
      timeout: duration.prefault('2s').describe('A server that does not answer for so long has not answered'),
      failures: integer(1, 1_000)
        .default(3)
        .describe(
          'A primary that does not answer so many times in a row, and is lost to its replicas, is replaced',
        ),
      lease: duration
        .prefault('6s')
        .describe(
          'Another controller takes over so long after the one that acts was last heard of; whole seconds',
        ),
      catch_up: duration
        .prefault('10s')
        .describe('For what a replica has received and must apply before it becomes the primary'),
      emergency_pause: duration
        .prefault('1m')
        .describe('After a change of the primary, how long a shard is left without an emergency reparent'),
    })
    .prefault({}),
  pool: z
    .strictObject({
      size: integer(1, 100_000).default(100).describe('Connections to one tablet at most'),
      waiters: integer(0, 1_000_000)
        .default(1_000)
        .describe('Requests that may wait for a connection of a tablet'),
      wait_timeout: duration.prefault('5s').describe('How long they wait before they get an error'),
      idle_timeout: duration
        .prefault('5m')
        .describe('Idle connections to tablets are closed after this time'),
      max_age: duration
        .prefault('1h')
        .describe(
          'Connections to tablets that are this old, give or take a fifth, are closed when nobody has them; 0 for at any age',
        ),
      prefill: integer(0, 100_000)
        .default(0)
        .describe('Connections to each healthy tablet that are made ahead of those who need them'),
      shed_after: duration
        .prefault('0')
        .describe(
          'While requests have waited longer than this for a connection at every moment, one after the other is refused (1203), those with the highest /*vt+ PRIORITY=n */ first; 0 for never',
        ),
    })
    .prefault({}),
  limits: z
    .strictObject({
      rows: integer(0, 1_000_000_000)
        .default(0)
        .describe(
          "Rows that one statement may answer, then it is stopped (1317); not in sessions with workload 'OLAP', nor with /*vt+ IGNORE_MAX_ROWS */; 0 for any number",
        ),
      write_lag: duration
        .prefault('0')
        .describe(
          'Writes wait while a replica of their shard is further behind than this, for pool.wait_timeout at most (1203); 0 for not at all',
        ),
    })
    .prefault({}),
  hot_rows: z
    .strictObject({
      mode: z
        .enum(['off', 'dry_run', 'on'])
        .default('off')
        .describe(
          'Statements that write one row wait for each other in the proxy instead of in InnoDB: off, on, or dry_run, which only counts those that would',
        ),
      concurrency: integer(1, 1_000)
        .default(5)
        .describe('Writers of one row that its server has at once, for each process'),
      queue: integer(0, 1_000_000)
        .default(1_000)
        .describe('Statements that may wait for one row; one more is refused (1203)'),
      wait_timeout: duration
        .prefault('50s')
        .describe(
          'How long they wait before they get 1205; less where a session has a shorter innodb_lock_wait_timeout',
        ),
    })
    .prefault({}),
  federation: z
    .strictObject({
      connections: integer(1, 100_000)
        .default(16)
        .describe(
          'Statements that are answered over temporary copies of their tables, on one tablet at a time; more of them wait',
        ),
      rows: integer(1, 1_000_000_000)
        .default(10_000_000)
        .describe('Rows that one such statement may copy from all shards (3170)'),
      bytes: byteSize
        .prefault('2G')
        .describe('Bytes that one such statement may copy from all shards (3170)'),
      keyspace: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Keyspace on whose servers the copies are made, instead of on those of the tables; they need the stored functions that statements call',
        ),
    })
    .prefault({}),
  default_unsharded_keyspace: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Unsharded keyspace that has the tables which no VSchema names, as seen from a sharded one: there CREATE TABLE makes them (migrations keep their books in such), and every statement finds them',
    ),
  create_database_beside: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Unsharded keyspace on whose servers CREATE DATABASE (of users with role admin) makes others, which DROP DATABASE drops; without it both are refused (1044)',
    ),
  buffer: z
    .strictObject({
      window: duration
        .prefault('35s')
        .describe(
          'So long after a shard has lost its primary, statements outside transactions wait for another instead of failing; 0 for not at all',
        ),
      requests: integer(0, 1_000_000)
        .default(1_000)
        .describe(
          'Statements that wait for one shard at most; beyond it the one that has waited longest fails (2013)',
        ),
    })
    .prefault({}),
  health: z
    .strictObject({
      interval: duration.prefault('1s').describe('Pause between two health checks of a tablet'),
      timeout: duration.prefault('3s').describe('A check that takes longer has failed'),
      replica_lag_max: duration
        .prefault('30s')
        .describe('Replicas further behind are read only when fewer than health.min_replicas are left'),
      heartbeat_table: z
        .string()
        .regex(/^[^.\0]+\.[^.\0]+$/, 'is written database.table')
        .optional()
        .describe(
          'database.table whose column ts somebody sets to the time on the primaries (pt-heartbeat): how far replicas are behind is read there, if Seconds_Behind_Source is not to be relied on',
        ),
      heartbeat_utc: boolean
        .default(false)
        .describe("Its times are UTC (pt-heartbeat --utc), else of the servers' time zone"),
      min_replicas: integer(1, 1_000)
        .default(1)
        .describe('So many replicas of a shard are read though all are further behind: those least behind'),
    })
    .prefault({}),
  replica: z
    .strictObject({
      read_after_write: z
        .enum(READ_AFTER_WRITE)
        .default('none')
        .describe(
          'What reads from replicas see: none for whatever is there, session for all that their session has written, global for all that anybody has; sessions may SET it',
        ),
      read_after_write_timeout: duration
        .prefault('1s')
        .describe('So long a replica has to get there; then the primary is read'),
      slow_start: duration
        .prefault('10s')
        .describe('A replica that comes back has its full share of the reads after this time; 0 for at once'),
      outlier_failures: integer(0, 1_000_000)
        .default(5)
        .describe(
          'A replica that fails so many who use it in a row (connections, time-outs) is not read for a while; 0 for never',
        ),
      outlier_pause: duration
        .prefault('5s')
        .describe('For so long the first time, twice as long each time soon after, up to 32 times'),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      connect: duration.prefault('5s').describe('Making a connection to a MySQL server'),
      silence: duration
        .prefault('15s')
        .describe(
          'A MySQL server that owes an answer and sends nothing for so long is given up (2013) if its health check fails, too; 0 for never',
        ),
      auth: duration.prefault('10s').describe('From accepting a client to the end of its login'),
      idle: duration.prefault('8h').describe('A client that sends nothing is told 4031 and closed'),
      query: duration.prefault('0').describe('One statement, then it is killed (3024); 0 for no limit'),
      transaction: duration
        .prefault('0')
        .describe(
          'One transaction, then it is rolled back (1317); 0 for no limit; sessions may SET transaction_timeout',
        ),
      idle_transaction: duration
        .prefault('0')
        .describe('A client that sends nothing within a transaction has it rolled back (1317); 0 for never'),
      abandoned: duration
        .prefault('1m')
        .describe(
          'A commit in transaction_mode twopc that nobody has gone on with for so long is ended by whichever proxy finds it, and what it waits for with it',
        ),
      lame_duck: duration
        .prefault('5s')
        .describe(
          'After SIGTERM, how long /readyz is 503 while all are still served, also new clients; for load balancers to see it',
        ),
      drain: duration
        .prefault('10s')
        .describe(
          'Then, with no new clients, how long running statements and open transactions are waited for',
        ),
    })
    .prefault({}),
  transaction_mode: z
    .enum(TRANSACTION_MODES)
    .default('multi')
    .describe(
      'Transactions over several shards: single refuses them, multi commits shard by shard, twopc on all or none; sessions may SET it',
    ),
  max_connections: integer(1, 1_000_000)
    .default(10_000)
    .describe('Client connections at most; one more is told 1040'),
  max_allowed_packet: byteSize.prefault('64M').describe('Bytes of one statement at most (1153)'),
  local_infile: z
    .boolean()
    .default(true)
    .describe(
      'Clients may send files of theirs by LOAD DATA LOCAL, as far as the servers have local_infile on (3948)',
    ),
  connection_memory_limit: byteSize
    .prefault('0')
    .describe(
      'Bytes that one session may hold: user variables, prepared statements, rows being sorted (4082, 1038); 0 for a quarter of the next',
    ),
  global_connection_memory_limit: byteSize
    .prefault('0')
    .describe('Bytes that all sessions of a process may hold (4081); 0 for a quarter of its heap'),
  server_version: text
    .optional()
    .describe('Version told to clients; without it, that of the oldest primary behind the proxy'),
  workers: integer(1, 256)
    .default(1)
    .describe('Processes that share the port; one for each CPU is a good number'),
  log_level: z
    .enum(LOG_LEVELS as [(typeof LOG_LEVELS)[number], ...typeof LOG_LEVELS])
    .default('info')
    .describe('trace, debug, info, warn, error or silent'),
})

export type ServeConfig = z.output<typeof shape>

/** A configuration of which parts may be wrong: rules between settings are looked at all the same. */
type Partially<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Partially<T[K]> }
    : T

interface Rule {
  readonly path: readonly string[]
  readonly message: string
  isBroken(config: Partially<ServeConfig>): boolean
}

const rules: readonly Rule[] = [
  {
    path: ['topology', 'dir'],
    message: 'needed when topology.type is files',
    isBroken: ({ topology }) => topology?.type === 'files' && !topology.dir,
  },
  {
    path: ['topology', 'password'],
    message: 'give either password or password_file',
    isBroken: ({ topology }) => Boolean(topology?.password && topology.password_file),
  },
  {
    path: ['backend', 'user'],
    message: 'needed: the account on the MySQL servers',
    isBroken: ({ backend }) => !backend?.user,
  },
  {
    path: ['backend', 'password'],
    message: 'give either password or password_file',
    isBroken: ({ backend }) => backend?.password !== undefined && Boolean(backend.password_file),
  },
  {
    path: ['peers', 'enabled'],
    message:
      'needs topology.type etcd, http.enabled and a password of the backend account, which signs what proxies tell each other',
    isBroken: ({ peers, topology, http, backend }) =>
      peers?.enabled === true &&
      (topology?.type !== 'etcd' ||
        http?.enabled === false ||
        !(backend?.password || backend?.password_file)),
  },
  {
    path: ['peers', 'enabled'],
    message: `takes ${WORKERS_AMONG_OTHERS_MAX} workers and max_connections of ${CONNECTIONS_AMONG_OTHERS_MAX} at most, for connection ids have the number of the proxy in them`,
    isBroken: ({ peers, workers, max_connections: connections }) =>
      peers?.enabled === true &&
      ((workers ?? 1) > WORKERS_AMONG_OTHERS_MAX || (connections ?? 0) > CONNECTIONS_AMONG_OTHERS_MAX),
  },
  {
    path: ['users_file'],
    message: 'needed: who may connect',
    isBroken: ({ users_file }) => !users_file,
  },
  {
    path: ['listen', 'tls'],
    message: 'cert and key go together',
    isBroken: ({ listen }) => Boolean(listen?.tls?.cert) !== Boolean(listen?.tls?.key),
  },
  {
    path: ['listen', 'require_secure_transport'],
    message: 'nobody could connect: give listen.tls.cert and key',
    isBroken: ({ listen }) =>
      listen?.require_secure_transport === true && !listen.tls?.cert && !listen.socket,
  },
  {
    path: ['listen', 'tls', 'ca'],
    message: 'needed to check client certificates',
    isBroken: ({ listen }) => listen?.tls?.require_client_cert === true && !listen.tls.ca,
  },
  {
    path: ['backend', 'tls', 'ca'],
    message: 'needed by backend.tls.mode verify_ca and verify_identity',
    isBroken: ({ backend }) => Boolean(backend?.tls?.mode?.startsWith('verify_')) && !backend?.tls?.ca,
  },
]

/** Settings with the rules between them; all mistakes are found at once, also when some values are of no use. */
export const configSchema = rules.reduce(
  (schema, { path, message, isBroken }) =>
    schema.refine((config) => !isBroken(config as Partially<ServeConfig>), {
      path: [...path],
      message,
      when: ({ value }) => typeof value === 'object' && value !== null,
    }),
  shape,
)
