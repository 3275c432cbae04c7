import { PlainError, runMain } from '#scripts/run-main.ts'
import { benchAdmin } from './admin.ts'
import { benchLedger } from './ledger.ts'

/** Each prints its figures beside the floor of the same machine and says whether it keeps its budget. */
const BENCHMARKS = [
  {
    name: 'ledger',
    run: benchLedger,
    help: `hold + capture pairs per second, beside TPC-B on the same server (some six minutes)
      --rounds N    rounds, of which the median counts (5)
      --seconds N   how long each row is measured in a round (8)
      --wallets N   wallets of the rows with many (10000)
      --scale N     TPC-B's branches (20)
      --url URL     a server for tests instead of one of its own: a role that may create roles and databases`,
  },
  {
    name: 'admin',
    run: benchAdmin,
    help: `every page of the cockpit on the large demonstration, beside bare ones (some twelve minutes more when it is made anew)
      --rounds N    how often each is asked for (25)
      --size SIZE   small or large (large)
      --only PLACE  only pages with this in their place, such as admin/calls
      BENCH_DATA_DIR in the environment names a folder that keeps the demonstration for the next time`,
  },
]

const USAGE = `usage: npm run bench [-- NAME [options]]; without a name all of them run

${BENCHMARKS.map(({ name, help }) => `  ${name}: ${help}`).join('\n')}`

await runMain(async () => {
  const [name, ...args] = process.argv.slice(2)
  if (name === '--help' || name === 'help') {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const chosen = BENCHMARKS.filter((benchmark) => name === undefined || benchmark.name === name)
  if (chosen.length === 0) throw new PlainError(`there is no benchmark '${name}'\n${USAGE}`)
  let ok = true
  for (const { run } of chosen) ok = (await run(args)) && ok
  process.exit(ok ? 0 : 1)
})
