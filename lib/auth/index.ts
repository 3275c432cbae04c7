export {
  listSessions,
  revokeOtherSessions,
  revokeSession,
  revokeSessionInput,
  type SessionSummary,
  type Viewer,
} from './sessions.ts'
export type { RequestOrigin } from './token.ts'
export { type CookieSource, findViewer, makeSessionCookie, type SessionCookie } from './viewer.ts'
