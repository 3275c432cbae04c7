const WIDTH = 24

export type ProgressBar = { advance(label: string, weight: number): void; end(): void }

/**
 * A bar with the time that is left, in place on a terminal, else a line now and then.
 * @param total the sum of all weights that will be told
 */
export function startProgressBar(total: number, out: NodeJS.WriteStream = process.stdout): ProgressBar {
  const startedAt = Date.now()
  let done = 0
  let lastLineAt = 0
  const show = (label: string) => {
    const seconds = (Date.now() - startedAt) / 1000
    const share = Math.min(1, done / total)
    const left = done === 0 ? '' : `, ${inWords((seconds / share) * (1 - share))} left`
    const filled = Math.round(share * WIDTH)
    const line = `  ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${Math.floor(share * 100)} %  ${label}${left}`
    if (out.isTTY) out.write(`\r\u001b[K${line}`)
    else if (Date.now() - lastLineAt >= 10_000) {
      lastLineAt = Date.now()
      out.write(`${line}\n`)
    }
  }
  return {
    advance: (label, weight) => {
      show(label)
      done += weight
    },
    end: () => {
      if (out.isTTY) out.write('\r\u001b[K')
      out.write(`  done in ${inWords((Date.now() - startedAt) / 1000)}\n`)
    },
  }
}

function inWords(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
