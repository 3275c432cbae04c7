import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase } from '#db/client.ts'
import { acceptLink, getLink, signIn } from '#lib/auth/index.ts'
import { systemCtx } from '#lib/ctx.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { runAdmin, TEST_SECRETS } from '#tests/support/service.ts'
import { UsageError } from './command.ts'
import { answer } from './run.ts'

let database: TestDatabase

beforeAll(async () => {
  Object.assign(process.env, TEST_SECRETS)
  database = await createTestDatabase()
  process.env.DATABASE_URL = database.url
})
afterAll(() => database.close())

const PASSWORD = 'a long walk by the sea'

type Json = Record<string, string> & { error: { code: string; message: string } }

/** Runs a verb in this process and reads its answer; `secret` is what a pipe would bring. */
async function admin(args: string[], secret?: string): Promise<{ code: number; answer: Json }> {
  const { exitCode, stdout } = await answer([...args, '--json'], {
    withService: (_command, work) => work(systemCtx('admin', database.db)),
    readSecret: async () => {
      if (secret === undefined) throw new UsageError('nobody is there')
      return secret
    },
  })
  return { code: exitCode, answer: JSON.parse(stdout) }
}

async function rows(query: ReturnType<typeof sql>) {
  return (await database.db.execute(query)).rows
}

async function makeUser(email: string) {
  const { code, answer } = await admin(['create-user', '--email', email])
  expect(code).toBe(0)
  return answer.userId!
}

test('a person is made with a wallet and a link to choose a password', async () => {
  const { code, answer } = await admin(['create-user', '--email', 'Ada@Example.com', '--name', 'Ada L.'])
  expect(code).toBe(0)
  expect(answer.link).toMatch(/^http:\/\/localhost:3000\/link\/[\w-]{43}$/)
  expect(await rows(sql`SELECT email, name, role, password_hash FROM users WHERE id = ${answer.userId}`)).toEqual([
    { email: 'ada@example.com', name: 'Ada L.', role: 'user', password_hash: null },
  ])
  expect(await rows(sql`SELECT 1 FROM accounts WHERE owner_id = ${answer.userId}`)).toHaveLength(1)
  const again = await admin(['create-user', '--email', 'ada@example.com'])
  expect(again).toMatchObject({ code: 1, answer: { error: { code: 'email_taken' } } })
})

test('an admin is made with a password from a pipe; a weak one makes nobody', async () => {
  const args = ['create-user', '--email', 'root@example.com', '--role', 'admin', '--password-stdin']
  const refused = await admin(args, 'tooshort1')
  expect(refused).toMatchObject({ code: 1, answer: { error: { code: 'password_too_short' } } })
  expect(refused.answer.error.message).toContain('at least 15 characters')
  expect(await rows(sql`SELECT 1 FROM users WHERE email = 'root@example.com'`)).toHaveLength(0)
  const { code, answer } = await admin(args, PASSWORD)
  expect(code).toBe(0)
  expect(answer.link).toBeUndefined()
  const [user] = await rows(sql`SELECT role, password_hash FROM users WHERE id = ${answer.userId}`)
  expect(user).toMatchObject({ role: 'admin', password_hash: expect.stringMatching(/^\$argon2id\$/) })
})

test('a password is set from a pipe and never asked for where nobody can answer', async () => {
  const userId = await makeUser('pipe@example.com')
  const hash = () => rows(sql`SELECT 1 FROM users WHERE id = ${userId} AND password_hash IS NOT NULL`)
  const asked = await runAdmin(database, ['set-password', '--user', 'pipe@example.com'])
  expect(asked).toMatchObject({ code: 2, stderr: 'there is no terminal to ask at: use --password-stdin\n' })
  const empty = await runAdmin(database, ['set-password', '--user', 'pipe@example.com', '--password-stdin'], '\n')
  expect(empty).toMatchObject({ code: 2, stderr: '--password-stdin found nothing on standard input\n' })
  expect(await hash()).toHaveLength(0)
  const set = await runAdmin(database, ['set-password', '--user', userId, '--password-stdin'], `${PASSWORD}\n`)
  expect(set).toEqual({ code: 0, stdout: 'pipe@example.com has a new password\n', stderr: '' })
  expect(await hash()).toHaveLength(1)
})

test('roles and shutting out', async () => {
  const userId = await makeUser('role@example.com')
  const read = () => rows(sql`SELECT role, status FROM users WHERE id = ${userId}`)
  await admin(['set-role', '--user', 'role@example.com', '--role', 'admin'])
  expect(await read()).toEqual([{ role: 'admin', status: 'active' }])
  await admin(['disable-user', '--user', 'ROLE@example.com'])
  expect(await read()).toEqual([{ role: 'admin', status: 'disabled' }])
  const link = await admin(['sign-in-link', '--user', userId])
  expect(link).toMatchObject({ code: 1, answer: { error: { code: 'account_disabled' } } })
  await admin(['enable-user', '--user', userId])
  expect(await read()).toEqual([{ role: 'admin', status: 'active' }])
  expect((await admin(['set-role', '--user', userId, '--role', 'king'])).code).toBe(2)
  const nobody = await admin(['set-role', '--user', 'nobody@example.com', '--role', 'user'])
  expect(nobody).toMatchObject({ code: 1, answer: { error: { message: 'there is no user nobody@example.com' } } })
})

test('a new admin chooses a new password, and the old one opens nothing', async () => {
  const userId = await makeUser('short@example.com')
  await admin(['set-password', '--user', userId, '--password-stdin'], 'short one')
  const { code, answer } = await admin(['set-role', '--user', userId, '--role', 'admin'])
  expect(code).toBe(0)
  expect(await rows(sql`SELECT role, password_hash FROM users WHERE id = ${userId}`)).toEqual([
    { role: 'admin', password_hash: null },
  ])
  const visitor = { db: database.db, actor: { type: 'anonymous' as const } }
  const token = answer.link!.split('/').at(-1)!
  expect(await getLink(visitor, { token })).toEqual({ purpose: 'sign_in', email: 'short@example.com', minPassword: 15 })
  await acceptLink(visitor, { token, password: PASSWORD })
  const again = await admin(['set-role', '--user', userId, '--role', 'admin'])
  expect(again.answer).toEqual({ userId, role: 'admin' })
  await signIn(visitor, { email: 'short@example.com', password: PASSWORD })
  await admin(['set-role', '--user', userId, '--role', 'user'])
  await admin(['disable-user', '--user', userId])
  const { answer: shut } = await admin(['set-role', '--user', userId, '--role', 'admin'])
  expect(shut).toEqual({ userId, role: 'admin' })
})

test('a grant is a transfer and a line in the audit log, once for each key', async () => {
  const userId = await makeUser('grant@example.com')
  const balance = async () => {
    const [row] = await rows(
      sql`SELECT posted_micros AS micros FROM wallets JOIN accounts USING (id) WHERE owner_id = ${userId}`,
    )
    return row!.micros as bigint
  }
  const before = await balance()
  const args = ['grant', '--user', 'grant@example.com', '--credits', '12.5', '--reason', 'sorry for the outage']
  const first = await admin([...args, '--idempotency-key', 'outage-7'])
  expect(first).toMatchObject({ code: 0, answer: { credits: '12.5', replayed: false } })
  const second = await admin([...args, '--idempotency-key', 'outage-7'])
  expect(second).toMatchObject({ code: 0, answer: { transferId: first.answer.transferId, replayed: true } })
  expect(await balance()).toBe(before + 12_500_000n)
  expect(await rows(sql`SELECT kind, actor, reason FROM transfers WHERE id = ${first.answer.transferId}`)).toEqual([
    { kind: 'grant', actor: 'system:admin', reason: 'sorry for the outage' },
  ])
  expect(
    await rows(sql`SELECT reason, after FROM audit_entries WHERE action = 'credits.grant' AND subject_id = ${userId}`),
  ).toEqual([
    {
      reason: 'sorry for the outage',
      after: { credits: '12.5', adjustmentId: first.answer.adjustmentId, transferId: first.answer.transferId },
    },
  ])
  const other = await admin([...args.with(4, '13'), '--idempotency-key', 'outage-7'])
  expect(other).toMatchObject({ code: 1, answer: { error: { code: 'conflict' } } })
  await admin(args)
  expect(await balance()).toBe(before + 25_000_000n)
})

test.each(['0', '-5', '1e3', 'many', '0.0000001'])('a grant of %s is refused and moves nothing', async (credits) => {
  const [before] = await rows(sql`SELECT count(*) FROM transfers`)
  const refused = await admin(['grant', '--user', 'ada@example.com', `--credits=${credits}`, '--reason', 'x'])
  expect(refused).toMatchObject({ code: 2, answer: { error: { message: expect.stringContaining('--credits') } } })
  expect(await rows(sql`SELECT count(*) FROM transfers`)).toEqual([before])
})

test('a grant may expire at the end of a day or at an instant, and nowhere in the past', async () => {
  const userId = await makeUser('expiry@example.com')
  const expiries = () =>
    rows(sql`SELECT expires_at::text AS at FROM lots JOIN accounts ON accounts.id = wallet_id
      WHERE owner_id = ${userId} AND expires_at IS NOT NULL ORDER BY expires_at`)
  const args = ['grant', '--user', userId, '--credits', '1', '--reason', 'for the spring', '--expires']
  expect((await admin([...args, '2099-01-31'])).code).toBe(0)
  expect((await admin([...args, '2099-02-01T12:00:00+08:00'])).code).toBe(0)
  expect(await expiries()).toEqual([{ at: '2099-02-01 00:00:00+00' }, { at: '2099-02-01 04:00:00+00' }])
  for (const date of ['2020-01-31', '2099-02-30', 'tomorrow', '2099-02-01T12:00:00', '31.1.2099']) {
    expect((await admin([...args, date])).code).toBe(2)
  }
  expect(await expiries()).toHaveLength(2)
})

test('a balance is put right up and down, and no further than what is free', async () => {
  const userId = await makeUser('adjust@example.com')
  const start = Number(
    (await admin(['adjust', '--user', userId, '--credits', '0.5', '--reason', 'why not'])).answer.balance,
  )
  const adjust = (credits: string) =>
    admin(['adjust', '--user', 'adjust@example.com', '--credits', credits, '--reason', 'counted wrongly'])
  expect(await adjust('10')).toMatchObject({
    code: 0,
    answer: { state: 'posted', credits: '10', balance: `${start + 10}` },
  })
  expect(await adjust('-4.5')).toMatchObject({ code: 0, answer: { credits: '-4.5', balance: `${start + 5.5}` } })
  expect(await adjust('-1000')).toMatchObject({
    code: 1,
    answer: { error: { code: 'insufficient_credits', message: 'the wallet has less than that free' } },
  })
  for (const credits of ['0', '-0', 'some']) expect((await adjust(credits)).code).toBe(2)
  expect((await admin(['adjust', '--user', userId, '--credits', '1', '--reason', 'x'])).code).toBe(2)
})

test('above the limit two admins are needed, by name', async () => {
  const userId = await makeUser('two@example.com')
  await admin(['create-user', '--email', 'first@example.com', '--role', 'admin'])
  await admin(['create-user', '--email', 'second@example.com', '--role', 'admin'])
  await admin(['create-user', '--email', 'nobody.special@example.com'])
  expect((await admin(['settings'])).answer.adjustment_approval_above).toBe('off')
  expect(await admin(['setting', 'set', 'adjustment_approval_above', '5'])).toMatchObject({ answer: { value: '5' } })
  const grant = ['grant', '--user', userId, '--credits', '6', '--reason', 'a large gift']
  const unnamed = await admin(grant)
  expect(unnamed).toMatchObject({ code: 2, answer: { error: { message: expect.stringContaining('--by') } } })
  expect((await admin([...grant, '--by', 'nobody.special@example.com'])).code).toBe(2)
  const asked = await admin([...grant, '--by', 'first@example.com'])
  expect(asked).toMatchObject({ code: 0, answer: { state: 'waiting', transferId: null } })
  const id = asked.answer.adjustmentId!
  const { answer: list } = await admin(['adjustments'])
  expect(list).toMatchObject({
    adjustments: [
      { id, kind: 'grant', credits: '6', ownerEmail: 'two@example.com', requestedByEmail: 'first@example.com' },
    ],
  })
  expect(await admin(['adjustment', 'approve', id, '--by', 'first@example.com'])).toMatchObject({
    code: 1,
    answer: { error: { code: 'forbidden', message: 'another admin than the one who asked must approve this' } },
  })
  expect((await admin(['adjustment', 'approve', id])).code).toBe(2)
  const approved = await admin(['adjustment', 'approve', id, '--by', 'second@example.com'])
  expect(approved).toMatchObject({ code: 0, answer: { state: 'posted', replayed: false } })
  expect(
    await rows(sql`SELECT actor_type, request_id, u.email FROM audit_entries a JOIN users u ON u.id::text = actor_id
    WHERE subject_id = ${userId} AND action LIKE 'adjustment.%' ORDER BY a.id`),
  ).toEqual([
    { actor_type: 'user', request_id: 'command-line', email: 'first@example.com' },
    { actor_type: 'user', request_id: 'command-line', email: 'second@example.com' },
  ])
  const other = await admin([...grant, '--by', 'first@example.com'])
  const reject = ['adjustment', 'reject', other.answer.adjustmentId!, '--by', 'first@example.com']
  expect((await admin(reject)).code).toBe(2)
  expect(await admin([...reject, '--reason', 'a typo'])).toMatchObject({ code: 0, answer: { state: 'rejected' } })
  expect((await admin(['adjustments'])).answer.adjustments).toEqual([])
  expect((await admin(['adjustments', '--state', 'some'])).code).toBe(2)
  expect(await admin(['setting', 'set', 'adjustment_approval_above', 'off'])).toMatchObject({
    answer: { value: 'off' },
  })
})

test('the ledger is verified: 0 when it adds up, 1 and the rows when it does not', async () => {
  const none = await admin(['verify-ledger', '--last', '--nightly'])
  expect(none).toEqual({ code: 0, answer: { lastRun: null } })
  const clean = await admin(['verify-ledger'])
  expect(clean).toMatchObject({ code: 0, answer: { differences: 0, lastNightly: null } })
  expect(await admin(['verify-ledger', '--last'])).toMatchObject({ code: 0, answer: { id: clean.answer.id } })
  const owner = createDatabase(database.ownerUrl, 1)
  const [wallet] = await rows(sql`SELECT id, posted_micros FROM wallets ORDER BY id LIMIT 1`)
  const setBalance = (micros: unknown) =>
    owner.execute(sql`UPDATE wallets SET posted_micros = ${micros} WHERE id = ${wallet!.id}`)
  try {
    await setBalance((wallet!.posted_micros as bigint) + 1n)
    const { exitCode, stdout } = await answer(['verify-ledger'], {
      withService: (_command, work) => work(systemCtx('admin', database.db)),
      readSecret: async () => '',
    })
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^check +rows +differ\n/)
    expect(stdout).toMatch(/\nwallet_balance +\d+ +1\n/)
    expect(stdout).toContain(`\n  wallet_id=${wallet!.id} posted_micros=`)
    expect(stdout).toContain('\nlast nightly run: none yet\nTHE LEDGER DOES NOT ADD UP: 3 differences\n')
    expect(await admin(['verify-ledger', '--last'])).toMatchObject({ code: 1, answer: { differences: 3 } })
  } finally {
    await setBalance(wallet!.posted_micros)
    await owner.$client.end()
  }
  expect((await admin(['verify-ledger', '--nightly'])).code).toBe(2)
})

test('a channel keeps its key encrypted, and a model gets a price on it', async () => {
  const key = 'sk-this-must-not-be-seen-1234'
  const args = ['channel', 'add', '--name', 'main', '--vendor', 'acme', '--base-url', 'https://api.acme.example/v1']
  const both = await admin([...args, '--key', key, '--key-stdin'])
  expect(both.code).toBe(2)
  const added = await admin([...args, '--key-stdin'], key)
  expect(added).toMatchObject({ code: 0, answer: { name: 'main', models: [] } })
  const [stored] = await rows(sql`SELECT key_sealed, hint FROM channel_keys`)
  expect(stored!.hint).toBe('1234')
  expect((stored!.key_sealed as Buffer).includes('this-must-not')).toBe(false)
  const twice = await admin([...args, '--key', key])
  expect(twice).toMatchObject({ code: 1, answer: { error: { code: 'name_taken' } } })

  const set = [
    'model',
    'set',
    'acme-1',
    '--input',
    '0.25',
    '--output',
    '2',
    '--cost-input',
    '0.2',
    '--context',
    '64000',
  ]
  expect((await admin([...set, '--channel', 'main'])).code).toBe(0)
  expect(
    await rows(sql`SELECT input_micros, output_micros, cost_input_micros, vendor, context_tokens
      FROM price_versions JOIN models ON models.id = model_id JOIN channel_models USING (model_id)`),
  ).toEqual([
    {
      input_micros: 250_000n,
      output_micros: 2_000_000n,
      cost_input_micros: 200_000n,
      vendor: 'acme',
      context_tokens: 64_000,
    },
  ])
  expect(await admin([...set, '--channel', 'none'])).toMatchObject({
    code: 1,
    answer: { error: { message: 'no channel named none' } },
  })
  expect(await admin(set.with(4, 'cheap'))).toMatchObject({ code: 2, answer: { error: { code: 'invalid_input' } } })
  expect(await admin([...set, '--max-output', 'lots'])).toMatchObject({ code: 2 })
  const loss = await admin(set.with(4, '0.1'))
  expect(loss).toMatchObject({ code: 0, answer: { losses: ['input', 'cacheRead', 'cacheWrite'] } })

  const own = [
    'channel',
    'add',
    '--name',
    'own',
    '--vendor',
    'mine',
    '--base-url',
    'http://127.0.0.1:11434/v1',
    '--key',
    key,
  ]
  expect(await admin(own)).toMatchObject({ code: 1, answer: { error: { code: 'address_private' } } })
  expect(await admin([...own, '--own-network'])).toMatchObject({ code: 0, answer: { name: 'own' } })
})

test('the first admin gets a link without a name, and nobody after them', async () => {
  const fresh = await createTestDatabase()
  try {
    const { code, stdout } = await runAdmin(fresh, ['sign-in-link'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^http:\/\/localhost:3000\/link\/[\w-]{43}\n$/)
    await runAdmin(fresh, ['create-user', '--email', 'first@example.com', '--role', 'admin'])
    const second = await runAdmin(fresh, ['sign-in-link'])
    expect(second).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'there is an admin already: name a person with --user\n',
    })
  } finally {
    await fresh.close()
  }
})

test('without the database it says so in one line', async () => {
  const gone = {
    ...database,
    url: 'postgres://ub_app:x@127.0.0.1:1/none',
    ownerUrl: 'postgres://ub_app:x@127.0.0.1:1/none',
  }
  const { code, stdout, stderr } = await runAdmin(gone, ['sign-in-link', '--user', 'ada@example.com'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^the database does not answer \(.*\)\n$/)
})

test('a database of another release is named before anything is done to it', async () => {
  const old = await createTestDatabase()
  const owner = createDatabase(old.ownerUrl, 1)
  try {
    await owner.execute(sql`DELETE FROM drizzle.__drizzle_migrations`)
    const { code, stderr } = await runAdmin(old, ['create-user', '--email', 'x@example.com'])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'the database is not at this release: run npm run db:migrate first\n',
    })
  } finally {
    await owner.$client.end()
    await old.close()
  }
})

test('help needs no database, and a wrong line costs exit code 2', async () => {
  const nowhere = { ...database, url: 'not a url', ownerUrl: 'not a url' }
  const help = await runAdmin(nowhere, ['grant', '--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('--credits N')
  expect((await runAdmin(nowhere, ['grant'])).code).toBe(2)
})

test('settings are shown and changed in the words of a person, with an audit entry', async () => {
  const before = await admin(['settings'])
  expect(before.answer).toMatchObject({ registration: 'open', sign_up_credit: 'auto', max_running: '20' })
  expect(await admin(['setting', 'set', 'registration', 'closed'])).toMatchObject({ code: 0 })
  expect(await admin(['setting', 'set', 'sign_up_credit', '2.5'])).toMatchObject({ code: 0, answer: { value: '2.5' } })
  expect(await admin(['setting', 'set', 'max_running', '3'])).toMatchObject({ code: 0 })
  expect((await admin(['settings'])).answer).toMatchObject({
    registration: 'closed',
    sign_up_credit: '2.5',
    max_running: '3',
  })
  expect(
    await rows(sql`SELECT subject_id FROM audit_entries WHERE action = 'setting.set'
    AND subject_id NOT LIKE 'adjustment_%' ORDER BY id`),
  ).toEqual([{ subject_id: 'registration' }, { subject_id: 'sign_up_credit_micros' }, { subject_id: 'max_running' }])
  expect(await admin(['setting', 'set', 'sign_up_credit', 'auto'])).toMatchObject({ answer: { value: 'auto' } })
})

test('what everybody may read is written on the command line too, and listed by how it begins', async () => {
  const terms = `# Fair use\n\n${'Be kind. '.repeat(20)}`.trim()
  expect(await admin(['setting', 'set', 'terms', terms])).toMatchObject({ code: 0, answer: { value: terms } })
  expect(await admin(['setting', 'set', 'registration_number', '京ICP备12345678号'])).toMatchObject({ code: 0 })
  expect((await admin(['settings'])).answer).toMatchObject({ terms, privacy: 'none' })
  const { stdout } = await runAdmin(database, ['settings'])
  expect(stdout).toMatch(/^terms +# Fair use … \(\d+ characters\)$/m)
  for (const [name, wrong] of [
    ['terms', 'x'.repeat(20_001)],
    ['privacy', ''],
    ['registration_number', 'a\tb'],
  ] as const) {
    expect((await admin(['setting', 'set', name, wrong])).code).toBe(2)
  }
  for (const name of ['terms', 'registration_number']) {
    expect(await admin(['setting', 'set', name, 'none'])).toMatchObject({ answer: { value: 'none' } })
  }
})

test.each([
  [['no_such', '1'], /^there is no setting no_such: registration, /],
  [['registration', 'perhaps'], /^registration cannot be 'perhaps'$/],
  [['registration', 'auto'], /^registration cannot be 'auto'$/],
  [['max_running', '0'], /^max_running cannot be '0'$/],
  [['max_running', 'many'], /^max_running cannot be 'many'$/],
  [['sign_up_credit', '9999999999999'], /^sign_up_credit must be a decimal number of credits/],
  [['sign_up_credit', '1e3'], /^sign_up_credit must be a decimal number of credits/],
])('a setting is not changed to %j', async (words, message) => {
  const before = await admin(['settings'])
  const refused = await admin(['setting', 'set', ...words])
  expect(refused.code).toBe(2)
  expect(refused.answer.error.message).toMatch(message)
  expect((await admin(['settings'])).answer).toEqual(before.answer)
})

test('codes are made and shown once, listed without their texts, and revoked', async () => {
  const args = ['codes', 'create', '--name', 'Autumn', '--credits', '2.5', '--count', '3', '--until', '2099-12-31']
  const { code, answer: made } = await admin(args)
  expect(code).toBe(0)
  const { batchId, codes } = made as unknown as { batchId: string; codes: string[] }
  expect(codes).toHaveLength(3)
  const listed = await admin(['codes', 'list'])
  expect(listed.answer).toMatchObject({
    batches: [
      {
        id: batchId,
        name: 'Autumn',
        credits: '2.5',
        codes: 3,
        redemptions: 0,
        redeemBefore: '2100-01-01T00:00:00.000Z',
      },
    ],
  })
  expect(JSON.stringify(listed.answer)).not.toContain(codes[0])
  const shown = await runAdmin(database, ['codes', 'revoke', batchId, '--number', '2', '--reason', 'leaked'])
  expect(shown).toEqual({ code: 0, stdout: 'code 2 is revoked\n', stderr: '' })
  expect(await admin(['codes', 'revoke', batchId, '--reason', 'the rest'])).toMatchObject({ answer: { revoked: true } })
  expect(await admin(['codes', 'revoke', batchId, '--reason', 'again'])).toMatchObject({ answer: { revoked: false } })
})

test('codes go into a new file that only its owner reads', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'codes-'))
  try {
    const file = path.join(folder, 'codes.csv')
    const args = ['codes', 'create', '--name', 'Winter', '--credits', '1', '--count', '2', '--csv', file]
    const { answer: made } = await admin(args)
    expect(made.codes).toBeUndefined()
    const text = await readFile(file, 'utf8')
    expect(text).toMatch(/^number,code,credits\r\n1,[0-9A-Z-]{29},1\r\n2,[0-9A-Z-]{29},1\r\n$/)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const [before] = await rows(sql`SELECT count(*) FROM code_batches`)
    expect(await admin(args)).toMatchObject({ code: 2, answer: { error: { message: `${file} is there already` } } })
    expect(await rows(sql`SELECT count(*) FROM code_batches`)).toEqual([before])
    expect(await readFile(file, 'utf8')).toBe(text)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.each([
  ['--credits', ['--credits', '0']],
  ['--count', ['--credits', '1', '--count', 'many']],
  ['--until', ['--credits', '1', '--until', 'soon']],
])('codes with a wrong %s are not made', async (option, fields) => {
  const [before] = await rows(sql`SELECT count(*) FROM code_batches`)
  const refused = await admin(['codes', 'create', '--name', 'Wrong', ...fields])
  expect(refused).toMatchObject({ code: 2, answer: { error: { message: expect.stringContaining(option) } } })
  expect(await rows(sql`SELECT count(*) FROM code_batches`)).toEqual([before])
})
