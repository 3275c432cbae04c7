import { z } from 'zod'

const url = (protocols: RegExp) => z.url({ protocol: protocols, error: 'is not a valid URL' })
// Cookies, links and origin checks are for a whole host; a path would be lost in some of them.
const address = url(/^https?$/)
  .refine(isBare, 'must be a scheme and a host, such as https://chat.example.com')
  .transform((text) => new URL(text).origin)
const postgresUrl = url(/^postgres(ql)?$/)
const hexKey = z.string().regex(/^[0-9a-f]{64}$/i, 'must be 64 hex digits (32 bytes)')
const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max)

const envSchema = z
  .object({
    NODE_ENV: z.enum(['development', 'production', 'test']).default('production'),
    PORT: wholeNumber(0, 65_535).default(3000),
    APP_URL: address.optional(),
    DATABASE_URL: postgresUrl.optional(),
    DATABASE_OWNER_URL: postgresUrl.optional(),
    DATA_DIR: z.string().min(1).default('.data'),
    AUTH_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
    ENCRYPTION_KEY: hexKey.optional(),
    OPENAI_API_KEY: z.string().min(1).optional(),
    OPENAI_BASE_URL: url(/^https?$/).optional(),
    HTTPS_PROXY: url(/^https?$/).optional(),
    NO_PROXY: z.string().optional(),
    ADMIN_EMAIL: z.email('is not an e-mail address').optional(),
    ADMIN_PASSWORD: z.string().optional(),
    SITE_CURRENCY: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD')
      .default('USD'),
    STRIPE_SECRET_KEY: z
      .string()
      .regex(/^(sk|rk)_(test|live)_\w+$/, 'must be a secret key of Stripe, such as sk_live_…')
      .optional(),
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_\S{16,}$/, 'must be the signing secret of a webhook endpoint, such as whsec_…')
      .optional(),
    /** Another server that speaks Stripe's API. */
    STRIPE_API_BASE: address.optional(),
    SERVER_WORKERS: wholeNumber(1, 64).default(1),
    TRUSTED_PROXIES: z.string().default('loopback'),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    /** How many seconds running answers may take to finish once the service was asked to stop. */
    UB_DRAIN_SECONDS: wholeNumber(0, 3_600).default(30),
    /** Set by our own scripts: `embedded` when they started the database under DATA_DIR. */
    UB_DATABASE: z.enum(['embedded', 'external']).default('external'),
    /** Set by our own scripts: where the demo vendor listens, while it runs. */
    UB_DEMO_URL: url(/^https?$/).optional(),
    /** Set by our own scripts: payments go to a stand-in for Stripe, and every page says so. */
    UB_DEMO_PAY: z.enum(['1']).optional(),
  })
  .superRefine((env, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (env.ADMIN_PASSWORD && !env.ADMIN_EMAIL) complain('ADMIN_PASSWORD', 'needs ADMIN_EMAIL beside it')
    if (env.DATABASE_OWNER_URL && !env.DATABASE_URL) complain('DATABASE_OWNER_URL', 'needs DATABASE_URL beside it')
    // Without it anybody could write to us in Stripe's name, or money would come in and no credits.
    if (env.STRIPE_SECRET_KEY && !env.STRIPE_WEBHOOK_SECRET) {
      complain('STRIPE_SECRET_KEY', 'needs STRIPE_WEBHOOK_SECRET beside it')
    }
    for (const name of ['STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE'] as const) {
      if (env[name] && !env.STRIPE_SECRET_KEY) complain(name, 'needs STRIPE_SECRET_KEY beside it')
    }
    if (env.UB_DEMO_PAY && (!env.STRIPE_API_BASE || /_live_/.test(env.STRIPE_SECRET_KEY ?? ''))) {
      complain('UB_DEMO_PAY', 'is set by npm start -- --demo-pay, and goes with no other payments')
    }
    if (env.OPENAI_BASE_URL && !env.OPENAI_API_KEY) complain('OPENAI_BASE_URL', 'needs OPENAI_API_KEY beside it')
  })

function isBare(text: string): boolean {
  return URL.canParse(text) && new URL(text).href === `${new URL(text).origin}/`
}

export type Env = z.infer<typeof envSchema>

/** The environment is missing something or contradicts itself; the message is one line a person can act on. */
export class EnvError extends Error {
  override readonly name = 'EnvError'
}

/**
 * Checks the environment. Empty values count as unset, as compose files write them.
 * @throws {EnvError} naming every variable at fault, in one line
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const result = envSchema.safeParse({
    ...present,
    HTTPS_PROXY: present.HTTPS_PROXY ?? present.https_proxy,
    NO_PROXY: present.NO_PROXY ?? present.no_proxy,
  })
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  throw new EnvError(`environment: ${faults.join('; ')}`)
}

/** What a serving process needs beyond a valid environment. */
export type ServerEnv = Env & { DATABASE_URL: string; AUTH_SECRET: string; ENCRYPTION_KEY: string; APP_URL: string }

/**
 * Checks the environment of a process that serves or runs verbs: database and secrets must be there.
 * @throws {EnvError} naming what is missing, in one line
 */
export function parseServerEnv(source: Record<string, string | undefined>): ServerEnv {
  const env = parseEnv(source)
  const missing = (['DATABASE_URL', 'AUTH_SECRET', 'ENCRYPTION_KEY'] as const).filter((name) => !env[name])
  if (missing.length > 0)
    throw new EnvError(`environment: ${missing.join(', ')} must be set (npm start makes them for an embedded database)`)
  return { ...env, APP_URL: env.APP_URL ?? `http://localhost:${env.PORT}` } as ServerEnv
}

let current: ServerEnv | undefined

/** The serving process's checked environment; parsed at first use, which boot makes happen before anything serves. */
export function getEnv(): ServerEnv {
  current ??= parseServerEnv(process.env)
  return current
}
