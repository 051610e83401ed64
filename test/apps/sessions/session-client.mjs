// A command line client: the script, with what the client prints of each statement. Its path and its settings are arguments.
import { spawnSync } from 'node:child_process'
import { server } from '../questions.mjs'
import { script } from './script.mjs'

const [client, ...settings] = process.argv.slice(2)
const account = ['--no-defaults', `-h${server.host}`, `-P${server.port}`, `-u${server.user}`]
const input = script.map((sql) => `${sql};\n`).join('')
const { stdout, stderr, status } = spawnSync(
  client,
  [...account, ...settings, '--protocol=tcp', '--force', '-vvv', '--unbuffered', '--show-warnings', 'work'],
  { input, encoding: 'utf8', env: { ...process.env, MYSQL_PWD: server.password } },
)
const tell = (name, value) => process.stdout.write(`${JSON.stringify({ name, value, statements: [] })}\n`)

/** Without the time that a statement took. */
const plain = (text) => text.replace(/\(?\d+\.\d+ sec\)?/g, '').trim()
/** It prints a statement between two lines, then what has come of it. */
const parts = plain(stdout).split(/^-{14}\n(.*)\n-{14}$/m)
for (let at = 1; at < parts.length; at += 2) tell(`${(at + 1) / 2}: ${parts[at]}`, parts[at + 1].trim())
tell(
  'errors',
  plain(stderr)
    .replace(/^.*password.*$/gim, '')
    .split('\n'),
)
tell('ended with', status)
