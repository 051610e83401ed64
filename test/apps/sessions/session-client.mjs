// A command line client: the script, with what the client prints of each statement. Its path and its settings are arguments.
import { spawnSync } from 'node:child_process'
import { server } from '../questions.mjs'
import { script } from './script.mjs'

const [client, ...settings] = process.argv.slice(2)
const account = ['--no-defaults', `-h${server.host}`, `-P${server.port}`, `-u${server.user}`]
/** What it prints of a statement comes after the text of the next one here. */
const input = script.map((sql, at) => `SELECT 'question ${at + 1}';\n${sql};\n`).join('')
const { stdout, stderr, status } = spawnSync(
  client,
  [...account, ...settings, '--protocol=tcp', '--force', '-vvv', '--unbuffered', '--show-warnings', 'work'],
  { input, encoding: 'utf8', env: { ...process.env, MYSQL_PWD: server.password } },
)
const tell = (name, value) => process.stdout.write(`${JSON.stringify({ name, value, statements: [] })}\n`)

/** Without the time that a statement took. */
const plain = (text) => text.replace(/\(?\d+\.\d+ sec\)?/g, '').trim()
const parts = plain(stdout).split(/^SELECT 'question \d+'$/m)
script.forEach((sql, at) => {
  tell(`${at + 1}: ${sql}`, parts[at + 1] ?? null)
})
tell(
  'errors',
  plain(stderr)
    .replace(/^.*password.*$/gim, '')
    .split('\n'),
)
tell('ended with', status)
