import type { Messages } from '#lib/i18n/index.ts'

type Nested = { [key: string]: string | Nested }

/** Every action that has a text, as `user.create`. */
export function actionsOf(audit: Messages['adminService']['audit']): string[] {
  const walk = (texts: Nested, path: string): string[] =>
    Object.entries(texts).flatMap(([key, value]) => {
      const name = path ? `${path}.${key}` : key
      return typeof value === 'string' ? [name] : walk(value, name)
    })
  return walk(audit.actions, '').sort()
}
