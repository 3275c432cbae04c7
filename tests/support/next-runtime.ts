import type * as intl from 'next-intl'
import * as React from 'react'
import { isValidElement, type ReactNode } from 'react'
import { getMessages, type Locale } from '#lib/i18n/index.ts'

/** What Next would know of the request that is being played; a test sets it before each visit. */
export const visit = { headers: new Headers(), cookies: new Map<string, string>(), locale: 'en' as Locale }

/** Stands for `next/headers`. */
export const nextHeaders = {
  headers: async () => visit.headers,
  cookies: async () => ({
    get: (name: string) => (visit.cookies.has(name) ? { name, value: visit.cookies.get(name)! } : undefined),
    set: () => undefined,
    delete: () => undefined,
  }),
}

type Intl = typeof intl

const translate = (original: Intl, asked?: string | { namespace?: string; locale?: string }) => {
  const namespace = typeof asked === 'string' ? asked : asked?.namespace
  // Whether every text is there is for the check of the catalogues.
  const silent = { onError: () => undefined }
  return original.createTranslator({
    locale: visit.locale,
    messages: getMessages(visit.locale),
    namespace,
    ...silent,
  } as never)
}
const format = (original: Intl) => original.createFormatter({ locale: visit.locale, timeZone: 'UTC' })

/** Stands for `next-intl` in components of the server: its hooks need no React. */
export function nextIntl(original: Intl): Record<string, unknown> {
  return {
    ...original,
    useTranslations: (namespace?: string) => translate(original, namespace),
    useLocale: () => visit.locale,
    useFormatter: () => format(original),
    useMessages: () => getMessages(visit.locale),
    useTimeZone: () => 'UTC',
    useNow: () => new Date(),
    NextIntlClientProvider: handOn,
  }
}

const handOn = ({ children }: { children: ReactNode }) => children

/** Stands for `next-intl/server`. */
export function nextIntlServer(original: Intl): Record<string, unknown> {
  return {
    getTranslations: async (asked?: string | { namespace?: string }) => translate(original, asked),
    getLocale: async () => visit.locale,
    getFormatter: async () => format(original),
    getMessages: async () => getMessages(visit.locale),
    getTimeZone: async () => 'UTC',
    getNow: async () => new Date(),
    setRequestLocale: () => undefined,
  }
}

/**
 * Runs a tree of server components as Next does, so that everything is asked of the database that a page asks. A component
 * of the browser is one that needs a hook: of it only what it is handed is gone through.
 * @param told the properties of each element
 */
export async function renderTree(
  node: ReactNode | Promise<ReactNode>,
  told: (props: Record<string, unknown>) => void = () => undefined,
): Promise<void> {
  const tree = await node
  if (Array.isArray(tree)) {
    for (const child of tree) await renderTree(child, told)
    return
  }
  if (!isValidElement<Record<string, unknown>>(tree)) return
  const { type, props } = tree
  told(props)
  if (typeof type === 'function' && !type.prototype?.isReactComponent) {
    const made = await run(type as (props: unknown) => ReactNode | Promise<ReactNode>, props)
    if (made !== NEEDS_REACT) return renderTree(made, told)
  }
  for (const value of Object.values(props))
    if (isValidElement(value) || Array.isArray(value)) await renderTree(value as ReactNode, told)
}

class HookCalled extends Error {}
const NEEDS_REACT = Symbol('needs React')

// Who asks React for a hook outside of a renderer gets a warning and null; this tells it apart from any other failure.
const dispatcher = new Proxy(
  {},
  {
    get: (_target, hook) => {
      throw new HookCalled(String(hook))
    },
  },
)
const internals = Object.entries(React as Record<string, unknown>).find(([name]) =>
  name.startsWith('__CLIENT_INTERNALS'),
)![1] as { H: unknown }
internals.H = dispatcher

async function run(
  component: (props: unknown) => ReactNode | Promise<ReactNode>,
  props: unknown,
): Promise<ReactNode | typeof NEEDS_REACT> {
  try {
    return await component(props)
  } catch (error) {
    if (error instanceof HookCalled) return NEEDS_REACT
    throw error
  }
}
