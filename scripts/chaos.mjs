// `npm run chaos -- --minutes N [--seed S]`: bundles test/faults/chaos and runs it against the program as it is built.
import { runBundled } from './prepare.mjs'

await runBundled('test/faults/chaos/main.ts', 'dist/chaos.js', process.argv.slice(2))
