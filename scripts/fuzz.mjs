// `npm run fuzz -- sql --seconds N [--seed S]`: bundles test/fuzz and runs it.
import { runBundled } from './prepare.mjs'

await runBundled('test/fuzz/main.ts', 'dist/fuzz.js', process.argv.slice(2))
