import { existsSync } from 'node:fs'
import path from 'node:path'

const PACKAGES = {
  chromium: { apt: 'chromium fonts-noto-cjk', dnf: 'chromium google-noto-sans-cjk-fonts', brew: '--cask chromium' },
  nginx: { apt: 'nginx gettext-base openssl', dnf: 'nginx gettext openssl', brew: 'nginx gettext openssl' },
} as const

/** The line that installs a program on this machine, by the package manager that is there. */
export function installLine(program: keyof typeof PACKAGES): string {
  const packages = PACKAGES[program]
  if (findInPath('apt-get')) return `sudo apt-get update && sudo apt-get install -y ${packages.apt}`
  if (findInPath('dnf')) return `sudo dnf install -y ${packages.dnf}`
  if (findInPath('brew')) return `brew install ${packages.brew}`
  return `install ${program} with the system's package manager`
}

/** Where a program is; also where servers lie that an ordinary user's PATH leaves out. */
export function findInPath(program: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/bin',
  ]
  return folders.map((folder) => path.join(folder, program)).find((file) => existsSync(file))
}
