export const root: string
export const PRODUCTION_SCRIPTS: readonly string[]
export function nodePackages(platform: string, arch: string): string[]
export function runsTypeScript(version: string): boolean
export function findNode(platform?: string, arch?: string): string
export function isInstalled(
  wanted: Record<
    string,
    { version?: string; dev?: boolean; devOptional?: boolean; optional?: boolean; peer?: boolean }
  >,
  present: Record<string, { version?: string }>,
  development: boolean,
): boolean
export function runTypeScript(script: string, args: string[]): Promise<void>
