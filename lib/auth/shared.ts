/** Shortest password by role: an administrator's is the only thing between a stranger and everybody's money. */
export const MIN_PASSWORD = { user: 8, admin: 15 } as const

export const MAX_PASSWORD = 200
