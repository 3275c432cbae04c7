import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The clients' ports of the connections that a process of this machine has open on a port. Linux only. */
export function clientPortsOf(pid: number, port: number): Set<number> {
  const folder = `/proc/${pid}/fd`
  const sockets = new Set(
    readdirSync(folder).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1] ?? []),
  )
  const ports = new Set<number>()
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1)) {
      const [, local = '', remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/)
      if (portOf(local) === port && sockets.has(inode)) ports.add(portOf(remote))
    }
  }
  return ports
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16)
}
