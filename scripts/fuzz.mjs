// `npm run fuzz -- sql|select …`: bundles test/fuzz and runs it.
import { prepareBundle, preparePackages, runBundled } from './prepare.mjs'

preparePackages()
prepareBundle() // the program's data files: proxies run in this process, and look for them beside their code
await runBundled('test/fuzz/main.ts', 'dist/fuzz.js', process.argv.slice(2))
