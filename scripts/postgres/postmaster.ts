import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** What a server's `postmaster.pid` says. */
export type Postmaster = { pid: number; port: number; status: string }

/** Reads a cluster's `postmaster.pid`; undefined when there is none or it is not complete yet. */
export function readPostmaster(folder: string): Postmaster | undefined {
  const file = path.join(folder, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  return parsePostmaster(readFileSync(file, 'utf8'))
}

/** Lines: process id, folder, start time, port, socket folder, address, shared memory, status. */
function parsePostmaster(text: string): Postmaster | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3] ?? 0), status: lines[7] || 'starting' }
}

/** Whether this process is the PostgreSQL server of that folder, and not another one that got its number. */
export function isPostmaster(pid: number, folder: string): boolean {
  return commandLine(pid).includes(`postgres -D ${folder} `)
}

function commandLine(pid: number): string {
  const proc = `/proc/${pid}/cmdline`
  if (existsSync(proc)) return readFileSync(proc, 'utf8').replaceAll('\0', ' ')
  return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? ''
}
