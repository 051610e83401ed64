import { Command } from 'commander'

/** `shardgate ctl`: administers the topology. */
export function ctlCommand(_finish: (exitCode: number) => void): Command {
  return new Command('ctl').description('administer the topology')
}
