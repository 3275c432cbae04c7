import { z } from 'zod'

/** An e-mail address as it is kept: without spaces around it, in lower case. */
export const emailField = z.string().trim().toLowerCase().max(254).pipe(z.email())

/** How a person is called: something to see, and nothing that breaks a line or hides. */
export const nameField = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Co}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u)

/** A language tag such as zh-CN. */
export const localeField = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)

/** Why an operator does something to somebody, for who reads the audit log later. */
export const reasonField = z.string().trim().min(3, 'must have at least 3 characters').max(500)
