import { getEnv } from '#lib/env.ts'
import { serveHere } from '#scripts/server/process.ts'

// The primary hears the terminal's Ctrl-C too and decides for all of its workers.
process.on('SIGINT', () => undefined)
process.on('SIGHUP', () => undefined)
const port = await serveHere(getEnv(), process.cwd(), ['SIGTERM'])
process.send?.({ type: 'ready', port })
