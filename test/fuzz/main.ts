import { parseArgs } from 'node:util'
import { fuzzSql } from './sql.ts'

/** `npm run fuzz -- sql --seconds N [--seed S]`: exit code 1 when something was found. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
})
if (positionals[0] !== 'sql') {
  process.stderr.write('fuzz: there is `sql` only\n')
  process.exit(2)
}
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
process.stdout.write(`seed ${seed}\n`)
const { texts, accepted, findings } = fuzzSql({ seed, durationMs: Number(values.seconds) * 1000 })
for (const { sql, options, what } of findings) {
  process.stdout.write(`\n${JSON.stringify(sql)}\n${JSON.stringify(options)}\n${what}\n`)
}
process.stdout.write(`${texts} texts, ${accepted} of them statements, ${findings.length} findings\n`)
process.exit(findings.length > 0 ? 1 : 0)
