import assert from 'node:assert/strict'
import { Command } from 'commander'
import { test } from 'vitest'
import { ctlCommand } from '../../../src/cli/ctl/ctl-command.ts'
import { addHelpCommands } from '../../../src/cli/help-command.ts'

async function help(...words: readonly string[]): Promise<string> {
  let out = ''
  const program = new Command('shardgate').addCommand(ctlCommand(() => {}))
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: (text) => (out += text) })
    for (const child of command.commands) quiet(child)
  }
  addHelpCommands(program)
  quiet(program)
  await program.parseAsync(words, { from: 'user' }).catch((error: { code?: string }) => {
    if (error.code !== 'commander.help') throw error
  })
  return out
}

test('help shows the command that its words lead to, from wherever it is asked', async () => {
  assert.match(await help('help', 'ctl', 'vschema'), /^Usage: shardgate ctl vschema /)
  assert.match(await help('ctl', 'help', 'vschema', 'apply'), /^Usage: shardgate ctl vschema apply /)
  await assert.rejects(help('help', 'ctl', 'nope'), /there is no command 'nope' in 'ctl'/)
})
