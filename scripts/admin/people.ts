import { createAccount, createFirstAdminLink, createSignInLink, setPassword } from '#lib/auth/index.ts'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { disableUser, enableUser, findUserByEmail, getUser, setRole, type User } from '#lib/users/index.ts'
import { type Command, type CommandInput, type Option, type Outcome, UsageError } from './command.ts'

export const userOption: Option = { value: 'USER', required: true, help: 'e-mail address or id' }

const passwordOption: Option = { help: 'read the password from standard input' }

/**
 * The person whom an option names by e-mail address or id.
 * @throws {AppError} `not_found`, naming what was looked for
 */
export async function getNamedUser(ctx: Ctx, name: string): Promise<User> {
  const user = isId(name)
    ? await getUser(ctx, { userId: name }).catch(nobody)
    : await findUserByEmail(ctx, { email: name })
  if (!user) throw new AppError('not_found', { message: `there is no user ${name}` })
  return user
}

function nobody(error: unknown): null {
  if (error instanceof AppError && error.code === 'not_found') return null
  throw error
}

function readRole(text: string): 'user' | 'admin' {
  if (text !== 'user' && text !== 'admin') throw new UsageError(`--role must be user or admin, not '${text}'`)
  return text
}

function linkUrl(token: string): string {
  return `${getEnv().APP_URL}/link/${token}`
}

export const createUserCommand: Command = {
  name: 'create-user',
  summary: 'makes a person with a wallet',
  options: {
    email: { value: 'EMAIL', required: true, help: 'e-mail address to sign in with' },
    name: { value: 'NAME', help: 'how the person is called; default: what stands before the @' },
    role: { value: 'ROLE', help: 'user or admin; default: user' },
    'password-stdin': passwordOption,
  },
  notes: 'Without a password it prints a link, good once, with which the person chooses one.',
  async run({ ctx, options, readSecret }) {
    const email = options.get('email')
    const name = options.find('name') ?? email.split('@')[0]!
    const role = readRole(options.find('role') ?? 'user')
    const password = options.flag('password-stdin')
      ? await readSecret({ label: 'Password', fromPipe: true, pipeOption: 'password-stdin' })
      : null
    return inTransaction(ctx, async (tx) => {
      const userId = await createAccount(tx, { email, name, role, password })
      const made = `made ${role} ${email} (${userId})`
      const data = { userId, email, role }
      if (password !== null) return { text: made, data }
      const link = linkUrl((await createSignInLink(tx, { userId })).token)
      return { text: `${made}; to choose a password, once:\n${link}`, data: { ...data, link } }
    })
  },
}

export const setRoleCommand: Command = {
  name: 'set-role',
  summary: 'makes a person an admin or an ordinary user; ends their sessions',
  options: { user: userOption, role: { value: 'ROLE', required: true, help: 'user or admin' } },
  notes: 'A new admin’s old password ends too: it prints a link, good once, with which they choose a longer one.',
  async run({ ctx, options }) {
    const role = readRole(options.get('role'))
    const { id: userId, email, ...before } = await getNamedUser(ctx, options.get('user'))
    return inTransaction(ctx, async (tx) => {
      await setRole(tx, { userId, role })
      const text = `${email} is now ${role}`
      const data = { userId, role }
      if (role === 'user' || before.role === 'admin') return { text, data }
      if (before.status === 'disabled') return { text: `${text}; to let them in: enable-user, then sign-in-link`, data }
      const link = linkUrl((await createSignInLink(tx, { userId })).token)
      return { text: `${text}; to choose a new password, once:\n${link}`, data: { ...data, link } }
    })
  },
}

export const setPasswordCommand: Command = {
  name: 'set-password',
  summary: 'gives a person a new password; ends their sessions',
  options: { user: userOption, 'password-stdin': passwordOption },
  notes: 'Without --password-stdin it asks at the terminal. A password never stands on the command line.',
  async run({ ctx, options, readSecret }) {
    const user = await getNamedUser(ctx, options.get('user'))
    const fromPipe = options.flag('password-stdin')
    const password = await readSecret({
      label: `New password of ${user.email}`,
      fromPipe,
      pipeOption: 'password-stdin',
    })
    await setPassword(ctx, { userId: user.id, password })
    return { text: `${user.email} has a new password`, data: { userId: user.id } }
  },
}

export const signInLinkCommand: Command = {
  name: 'sign-in-link',
  summary: 'prints a link that lets a person choose a password, once',
  options: {
    user: { ...userOption, required: false, help: `${userOption.help}; left out: the first admin, while none exists` },
  },
  async run({ ctx, options }) {
    const name = options.find('user')
    if (name === undefined) {
      const first = await createFirstAdminLink(ctx)
      if (!first) throw new UsageError('there is an admin already: name a person with --user')
      return linkOutcome(first.token, {})
    }
    const user = await getNamedUser(ctx, name)
    const { token } = await createSignInLink(ctx, { userId: user.id })
    return linkOutcome(token, { userId: user.id })
  },
}

function linkOutcome(token: string, data: Record<string, unknown>): Outcome {
  const link = linkUrl(token)
  return { text: link, data: { ...data, link } }
}

export const disableUserCommand: Command = {
  name: 'disable-user',
  summary: 'shuts a person out; their next request is refused',
  options: { user: userOption },
  run: (input) => changeStatus(input, disableUser, 'disabled'),
}

export const enableUserCommand: Command = {
  name: 'enable-user',
  summary: 'lets a disabled person in again',
  options: { user: userOption },
  run: (input) => changeStatus(input, enableUser, 'active'),
}

async function changeStatus(
  { ctx, options }: CommandInput,
  change: typeof disableUser,
  status: User['status'],
): Promise<Outcome> {
  const user = await getNamedUser(ctx, options.get('user'))
  await change(ctx, { userId: user.id })
  return { text: `${user.email} is ${status}`, data: { userId: user.id, status } }
}
