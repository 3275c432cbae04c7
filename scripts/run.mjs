import { runTypeScript } from './bootstrap.mjs'

const [script, ...args] = process.argv.slice(2)
if (!script) throw new Error('usage: node scripts/run.mjs SCRIPT.ts [arguments]')
await runTypeScript(script, args)
