/** Shortest password by role: an administrator's is the only thing between a stranger and everybody's money. */
export const MIN_PASSWORD = { user: 8, admin: 15 } as const

/** The cookies that may hold a session: the first where the service is reached by https. */
export const SESSION_COOKIES = ['__Host-ub-session', 'ub-session'] as const

export const MAX_PASSWORD = 200
