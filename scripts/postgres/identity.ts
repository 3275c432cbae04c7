import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** A command as it must be spawned so that PostgreSQL, which refuses root, runs as somebody else. */
export type Launch = { command: string; args: string[]; uid?: number; gid?: number }

/** The user PostgreSQL runs as, when this process is root. */
export type Identity = { uid: number; gid: number }

/**
 * Who PostgreSQL runs as.
 * @param folders the cluster and the folders around it, innermost first: the first that exists and is not root's decides
 * @returns undefined for an ordinary user, who runs it in person
 */
export function chooseIdentity(folders: readonly string[]): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const folder of folders) {
    if (!existsSync(folder)) continue
    const { uid, gid } = statSync(folder)
    if (uid !== 0) return { uid, gid }
  }
  return nobody()
}

function nobody(): Identity {
  const entry = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  // A negative id, as macOS writes it, is meant as an unsigned one.
  return entry ? { uid: Number(entry[1]) >>> 0, gid: Number(entry[2]) >>> 0 } : { uid: 65_534, gid: 65_534 }
}

/**
 * How to run a binary as another user. Below a folder that user may not enter (a clone in root's home)
 * the process gets the one capability that lets it walk in.
 * @param places files and folders that must be reached
 * @throws {Error} when there is no way in
 */
export function launchAs(
  identity: Identity | undefined,
  binary: string,
  args: string[],
  places: readonly string[],
): Launch {
  if (!identity) return { command: binary, args }
  if (places.every((place) => canReach(place, identity))) return { command: binary, args, ...identity }
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file))
  if (!setpriv) {
    throw new Error(
      `PostgreSQL does not run as root, and user ${identity.uid} cannot enter ${path.dirname(binary)}: start as an ordinary user, or move the checkout and DATA_DIR to where everybody may enter`,
    )
  }
  const lead = [`--reuid=${identity.uid}`, `--regid=${identity.gid}`, '--clear-groups']
  // PostgreSQL looks for its own programs with access(2), which forgets capabilities unless this bit is set.
  const capabilities = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--securebits=+no_setuid_fixup']
  return { command: setpriv, args: [...lead, ...capabilities, '--', binary, ...args] }
}

/** Whether a user may read a place, judged by its mode and those of the folders above it. */
export function canReach(place: string, identity: Identity): boolean {
  for (let folder = path.dirname(place); ; folder = path.dirname(folder)) {
    if (!allows(folder, identity, 0o1)) return false
    if (folder === path.dirname(folder)) break
  }
  return allows(place, identity, 0o5)
}

function allows(place: string, identity: Identity, bits: number): boolean {
  const { mode, uid, gid } = statSync(place)
  if (uid === identity.uid) return ((mode >> 6) & bits) === bits
  if (gid === identity.gid) return ((mode >> 3) & bits) === bits
  return (mode & bits) === bits
}
