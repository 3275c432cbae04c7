export {
  changePassword,
  createAccount,
  getSignUpCredit,
  getSignUpTerms,
  getStartingCredit,
  registerUser,
  registerUserInput,
  type SignedIn,
  type SignUpTerms,
  setPassword,
  signIn,
} from './accounts.ts'
export { readCookies } from './cookies.ts'
export { authHandler } from './entry.ts'
export {
  acceptLink,
  acceptLinkInput,
  createFirstAdmin,
  createFirstAdminLink,
  createSignInLink,
  getLink,
  type Link,
} from './links.ts'
export {
  listSessions,
  revokeOtherSessions,
  revokeSession,
  revokeSessionInput,
  type SessionSummary,
  type Viewer,
} from './sessions.ts'
export type { RequestOrigin } from './token.ts'
export { type CookieSource, findViewer, isViewerShutOut, makeSessionCookie, type SessionCookie } from './viewer.ts'
