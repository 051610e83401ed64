// `npm test`: installs what is missing, checks types and style, runs all tests, prints one line with the counts.
// Arguments go to vitest: `npm test -- test/unit/topology`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { find, prepareEtcd, prepareMariadb, prepareMysql, prepareSysbench } from './install-servers.mjs'
import { prepareBundle, preparePackages, root } from './prepare.mjs'
import { prepareApplications } from './prepare-apps.mjs'

const startedMs = Date.now()
preparePackages()
prepareBundle()
const named = process.argv.slice(2)
const runsApplications = named.length === 0 || named.some((arg) => arg.includes('apps'))
const applications = runsApplications ? prepareApplications() : []
const prepared = [prepareMariadb(), prepareEtcd(), prepareMysql(), prepareSysbench()]
const missing = prepared.filter((what) => what !== undefined)
for (const what of missing) tellMissing(what)
if (!find('mariadbd', 'mysqld')) {
  process.stdout.write('most tests need a MySQL or MariaDB server; install one and run npm test again\n')
  process.exit(1)
}

const failedChecks = []
check('types', 'typescript', 'tsc', ['--noEmit'])
check('style', '@biomejs/biome', 'biome', ['check', '.'])
for (const what of await applications) tellMissing(what) // installed while the checks ran

const outDir = mkdtempSync(join(tmpdir(), 'shardgate-test-'))
const outFile = join(outDir, 'result.json')
const vitest = node('vitest', 'vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${outFile}`,
  ...named,
])
const result = existsSync(outFile) ? JSON.parse(readFileSync(outFile, 'utf8')) : undefined
rmSync(outDir, { recursive: true, force: true })

const { numPassedTests: passed = 0, numFailedTests = 0, numPendingTests: skipped = 0 } = result ?? {}
// A file that cannot be loaded or set up has no failed test to count, and must not look like success.
const brokenFiles = (result?.testResults ?? []).filter(
  (f) => f.status === 'failed' && f.assertionResults.every((test) => test.status !== 'failed'),
)
const failed = numFailedTests + brokenFiles.length + failedChecks.length + (result ? 0 : 1)
if (failedChecks.length > 0) process.stdout.write(`failed checks: ${failedChecks.join(', ')}\n`)
process.stdout.write(`${Math.round((Date.now() - startedMs) / 1000)} s, ${skipped} skipped\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 && vitest === 0 ? 0 : 1)

function tellMissing(what) {
  process.stdout.write(`skipped are tests that need what is not here: ${what}\n`)
}

function check(what, packageName, program, args) {
  if (node(packageName, program, args) !== 0) failedChecks.push(what)
}

/** Runs a program of an installed package. */
function node(packageName, program, args) {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', packageName, 'package.json'), 'utf8'))
  const path = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[program]
  const file = join(root, 'node_modules', packageName, path)
  const env = { ...process.env, NODE_OPTIONS: process.env.NODE_OPTIONS ?? '' }
  return spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit', env }).status ?? 1
}
