import { cookies, headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { cache } from 'react'
import { readOrigin } from '#app/_server/origin.ts'
import { PATH_HEADER } from '#app/_server/page-path.ts'
import { findViewer, isViewerShutOut, readCookies, type Viewer } from '#lib/auth/index.ts'
import { type Ctx, getDatabase, type RequestInfo, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'

/** What is known of the current request; its id names it in logs and error replies. */
const getRequestInfo = cache(async (): Promise<RequestInfo> => readRequestInfo(await headers()))

/** @param headers of a request that passed our server, which wrote the client's address into them */
export function readRequestInfo(headers: Headers): RequestInfo {
  return {
    id: newId(),
    ip: headers.get('x-forwarded-for') ?? '',
    userAgent: (headers.get('user-agent') ?? '').slice(0, 400),
  }
}

/** Who is signed in, checked against the session's row; null for everybody else. One statement per request. */
export const getViewer = cache(async (): Promise<Viewer | null> => {
  const [store, head, request] = await Promise.all([cookies(), headers(), getRequestInfo()])
  const ctx: Ctx = { db: getDatabase(), actor: { type: 'anonymous' }, request }
  return await findViewer(ctx, { readCookie: (name) => store.get(name)?.value, origin: readOrigin(head) })
})

/** Whether this browser was signed in to an account that has been disabled. */
export async function isShutOut(): Promise<boolean> {
  const [store, head, request] = await Promise.all([cookies(), headers(), getRequestInfo()])
  const ctx: Ctx = { db: getDatabase(), actor: { type: 'anonymous' }, request }
  return await isViewerShutOut(ctx, { readCookie: (name) => store.get(name)?.value, origin: readOrigin(head) })
}

/** The context of this page or action: the process's database and whoever is signed in. */
export const getCtx = cache(async (): Promise<Ctx> => {
  const [viewer, request] = await Promise.all([getViewer(), getRequestInfo()])
  return { db: getDatabase(), actor: viewer?.actor ?? { type: 'anonymous' }, request }
})

/** The context of a route handler, from nothing but its request. */
export async function readCtx({ headers }: Request, info: RequestInfo): Promise<Ctx> {
  const anonymous: Ctx = { db: getDatabase(), actor: { type: 'anonymous' }, request: info }
  const cookies = readCookies(headers.get('cookie') ?? '')
  const viewer = await findViewer(anonymous, { readCookie: (name) => cookies[name], origin: readOrigin(headers) })
  return viewer ? { ...anonymous, actor: viewer.actor } : anonymous
}

/** The context of a page that needs somebody signed in; everybody else is sent to sign in and comes back here. */
export async function requirePageUser(): Promise<UserCtx & { viewer: Viewer }> {
  const [ctx, viewer] = await Promise.all([getCtx(), getViewer()])
  if (viewer) return { ...ctx, actor: viewer.actor, viewer }
  const path = (await headers()).get(PATH_HEADER) ?? '/'
  redirect(path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`)
}

/** The context of a page that only admins see: who is not signed in is sent to sign in, for anybody else there is no such page. */
export async function requirePageAdmin(): Promise<UserCtx & { viewer: Viewer }> {
  const page = await requirePageUser()
  if (page.actor.role !== 'admin') notFound()
  return page
}
