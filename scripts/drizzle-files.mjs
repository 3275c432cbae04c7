// drizzle-orm lists 137 kB of exports in its package.json, and Node (24.21) parses them anew for each file of the package:
// a third of what a command takes to start. The files name each other by relative paths, which need no such list.
import { registerHooks } from 'node:module'

const FOLDER = '/node_modules/drizzle-orm/'

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || !specifier.endsWith('.js') || !context.parentURL?.includes(FOLDER))
      return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
  },
})
