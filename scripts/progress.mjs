// Plain JavaScript for Node 18: used before anything is installed.

/**
 * Shows that a long step is under way: the seconds in place on a terminal, else a line now and then.
 * @param {string} label what is being done
 * @returns {(outcome: string) => void} ends the step; says how it went and how long it took
 */
export function startProgress(label) {
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1000)
  const terminal = process.stdout.isTTY
  process.stdout.write(terminal ? `  ${label} …` : `  ${label} …\n`)
  const timer = setInterval(
    () => process.stdout.write(terminal ? `\r  ${label} … ${seconds()} s` : `  ${label} … ${seconds()} s\n`),
    terminal ? 1_000 : 5_000,
  )
  return (outcome) => {
    clearInterval(timer)
    process.stdout.write(`${terminal ? '\r\u001b[K' : ''}  ${label}: ${outcome} (${seconds()} s)\n`)
  }
}
