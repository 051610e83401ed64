import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { BackendAccess } from '../../tablet/connect-control.ts'
import type { TopologySnapshot } from '../../topology/snapshot.ts'
import { buildVSchema } from '../../vschema/build-vschema.ts'
import type { VSchema } from '../../vschema/model.ts'
import { parseRoutingRules, parseShardRoutingRules } from '../../vschema/records.ts'
import { settings } from '../config-sources.ts'
import { addSettings } from '../setting-options.ts'
import { checkSequences } from './check/check-sequences.ts'
import { checkTables } from './check/check-tables.ts'
import { checkTablet } from './check/check-tablet.ts'
import { checkTopology, checkVSchema } from './check/check-topology.ts'
import { type Finding, printFindings } from './check/finding.ts'
import { backendOf, withTopology } from './ctl-context.ts'

/** `ctl check`: the whole cluster, one line for each thing that was looked at. `finish` gets 1 when one of them is an error. */
export function checkCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('check').description(
    'topology, VSchema, tablets, privileges and sequences against what is really there; exit code 1 for errors',
  )
  addSettings(
    command,
    settings.filter(({ path }) => path[0] === 'backend'),
  )
  command.option('--twopc', "also what transaction_mode 'twopc' needs, where it is not in use yet")
  return command.action(({ twopc = false }: { readonly twopc?: boolean }, self: Command) =>
    withTopology(self, async ({ admin, print }) => {
      const findings = await checkAll(await admin.snapshot(), backendOf(self), { twopc })
      print(findings, printFindings(findings))
      if (findings.some(({ level }) => level === 'error')) finish(1)
    }),
  )
}

async function checkAll(
  snapshot: TopologySnapshot,
  access: BackendAccess,
  asked: { readonly twopc: boolean },
): Promise<readonly Finding[]> {
  const vschema = vschemaOf(snapshot)
  const tablets = await Promise.all(
    [...snapshot.tablets.values()].map((tablet) => {
      const shard = snapshot.keyspaces.get(tablet.keyspace)?.shards.get(tablet.shard)
      return checkTablet({ tablet, shard }, access, asked)
    }),
  )
  const shards = tablets.flatMap(({ shard }) => (shard === undefined ? [] : [shard]))
  return [
    ...checkTopology(snapshot),
    ...checkVSchema(vschema),
    ...tablets.flatMap(({ findings }) => findings),
    ...checkTables(vschema, shards),
    ...(await checkSequences(vschema, shards, access)),
  ]
}

function vschemaOf(snapshot: TopologySnapshot): VSchema {
  const names = [...snapshot.keyspaces.keys()]
  return buildVSchema(
    {
      keyspaces: new Map(names.map((name) => [name, snapshot.vschemas.get(name) ?? {}])),
      routingRules: parseRoutingRules(snapshot.routingRules, 'routing rules').record,
      shardRoutingRules: parseShardRoutingRules(snapshot.shardRoutingRules, 'shard routing rules').record,
    },
    { deps: { readFile: (path) => readFileSync(path) } },
  )
}
