import { Command, Option } from 'commander'
import { LOG_LEVELS } from '../../telemetry/log.ts'
import { TRANSACTION_MODES } from '../../transaction/transaction.ts'
import { integer } from '../config-values.ts'
import { type LocalOptions, runLocal } from './local.ts'

/** `shardgate local`: its options. `finish` takes the exit code. */
export function localCommand(finish: (exitCode: number) => void): Command {
  return new Command('local')
    .description('run a whole sharded cluster with its proxy on this machine, for trying and for testing')
    .option('--shards <n>', 'shards of each sharded keyspace', count('--shards', 1, 256), 2)
    .option('--replicas <n>', 'replicas of each shard (GTID replication)', count('--replicas', 0, 10), 0)
    .option('--mysqld <path>', 'server program, any mysqld or mariadbd (default: the one on PATH)')
    .option('--one-mysqld', 'every shard is a database on one shared server, for machines with little memory')
    .addOption(
      new Option('--topology <kind>', 'where the topology is kept (default: etcd where it is found)').choices(
        ['etcd', 'files'],
      ),
    )
    .option(
      '--schema-dir <dir>',
      'one folder a keyspace (vschema.json, *.sql, keyspace.json) instead of the sample',
    )
    .option('--host <address>', 'address that the proxy listens on', '127.0.0.1')
    .option('--port <n>', 'port that the proxy listens on', count('--port', 0, 65_535), 15_306)
    .option('--user <name>', 'user for applications', 'app')
    .option('--password <text>', "that user's password", 'app')
    .option(
      '--admin-user <name>',
      'a second user, with role admin: ALTER VSCHEMA, KILL, and what else the servers let their account do',
    )
    .option('--admin-password <text>', "that user's password", 'admin')
    .addOption(
      new Option('--transaction-mode <mode>', 'transactions over several shards, as `serve` has it').choices(
        TRANSACTION_MODES,
      ),
    )
    .option(
      '--default-unsharded-keyspace <name>',
      'the keyspace of tables that no VSchema names, as `serve` has it',
    )
    .option('--data-dir <dir>', 'everything is kept in this folder', 'data')
    .option('--ready-file <file>', 'written, with host, port and user as JSON, when the proxy serves')
    .option('--reset', 'begin anew: remove what earlier runs made in the data folder')
    .addOption(
      new Option('--log-level <level>', "level of the proxy's log, on stderr")
        .choices(LOG_LEVELS)
        .default('warn'),
    )
    .action(async (options: LocalOptions) => finish(await runLocal(options)))
}

function count(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const parsed = integer(min, max).safeParse(text)
    if (parsed.success) return parsed.data as number
    throw new Error(`${flag} takes a number from ${min} to ${max}, not '${text}'`)
  }
}
