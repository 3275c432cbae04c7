import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type SecretReader, UsageError } from './command.ts'

/** @throws {UsageError} when there is nobody to ask, or what was typed differs */
export const readSecret: SecretReader = async ({ label, fromPipe, pipeOption }) => {
  if (fromPipe) {
    const secret = (await text(process.stdin)).replace(/\r?\n$/, '')
    if (secret === '') throw new UsageError(`--${pipeOption} found nothing on standard input`)
    return secret
  }
  if (!process.stdin.isTTY) throw new UsageError(`there is no terminal to ask at: use --${pipeOption}`)
  const first = await askHidden(`${label}: `)
  if ((await askHidden(`${label} again: `)) !== first) throw new UsageError('the two differ: nothing was changed')
  return first
}

async function askHidden(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const prompt = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  process.stderr.write(question)
  try {
    return await new Promise<string>((resolve, reject) => {
      prompt.once('SIGINT', () => reject(new UsageError('given up: nothing was changed')))
      prompt.once('close', () => reject(new UsageError('given up: nothing was changed')))
      prompt.question('').then(resolve, reject)
    })
  } finally {
    prompt.close()
    process.stderr.write('\n')
  }
}
