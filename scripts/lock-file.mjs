// Plain JavaScript for Node 18: used before anything is installed.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** @returns {boolean} whether a process with this id runs (also one of another user) */
export function isAlive(pid) {
  return isKnown(pid) && !isZombie(pid)
}

/** @returns {boolean} whether the system still knows this id: it runs, or is dead and not collected yet */
export function isKnown(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// In a container whose first process never collects its dead, they stay in the table.
function isZombie(pid) {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // No /proc on this system, or the process is gone since: the signal's answer stands.
    return false
  }
}

/**
 * Takes a lock file that names its holder, or says who has it.
 * The file appears with its content in one step (link), so nobody ever reads half a lock.
 * @param {string} path
 * @returns {number} 0 when taken, else the holder's process id
 */
export function tryLockFile(path) {
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    for (;;) {
      try {
        linkSync(mine, path)
        return 0
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
      }
      const holder = readHolder(path)
      if (holder !== undefined && holder !== process.pid && isAlive(holder)) return holder
      discardStale(path, holder)
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

function readHolder(path) {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

// Of several who see the same dead holder, each moves away what is there and looks at what it got:
// a lock that somebody took in between is put back.
function discardStale(path, holder) {
  const away = `${path}.${process.pid}.stale`
  try {
    renameSync(path, away)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  try {
    if (readHolder(away) !== holder) linkSync(away, path)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  } finally {
    rmSync(away, { force: true })
  }
}

/**
 * Runs work while holding a lock file; waits for another holder, however long it works.
 * @template T
 * @param {string} path
 * @param {(pid: number) => void} onWait told once who is being waited for
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLockFile(path, onWait, work) {
  let told = false
  for (let holder = tryLockFile(path); holder !== 0; holder = tryLockFile(path)) {
    if (!told) onWait(holder)
    told = true
    await wait(250)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}
