import { readFileSync } from 'node:fs'
import { newId } from '#lib/id.ts'
import { singleton } from '#lib/singleton.ts'
import { runMain } from '#scripts/run-main.ts'
import { serveAsWorker } from '#scripts/server/serve-as-worker.ts'

// A worker as the service runs it, around an application that says who answers, and holds an answer back until its
// process gets SIGUSR2. What becomes of its start stands in a file.
const held = new Set<() => void>()
process.on('SIGUSR2', () => {
  for (const release of held) release()
  held.clear()
})

process.on('message', ({ type, workerId }: { type: string; workerId?: string }) => {
  if (type === 'died') process.stdout.write(`${process.pid} heard of ${workerId}\n`)
})
process.stdout.write(`${process.pid} is ${singleton('worker-id', newId)}\n`)

await runMain(() =>
  serveAsWorker(async () => {
    const fate = readFileSync(process.env.WORKER_FATE ?? '', 'utf8')
    if (fate === 'fail') throw new Error('this start fails')
    process.stdout.write(`starting ${process.pid}\n`)
    if (fate === 'hang') await new Promise(() => setInterval(() => undefined, 60_000))
    return {
      handle: async (request, response) => {
        response.setHeader('x-pid', process.pid)
        if (request.url !== '/held') return void response.end('answered')
        response.write('begun ')
        await new Promise<void>((resolve) => held.add(resolve))
        response.end('ended')
      },
    }
  }),
)
