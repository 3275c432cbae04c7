import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { APP_ROLE } from '#scripts/embedded-postgres.ts'
import { findInPath } from '#scripts/testing/install-lines.ts'

const TELLERS = 10
const ACCOUNTS = 100_000

/**
 * Fills the tables of pgbench as `pgbench -i` does, under its names, so that pgbench itself can use them too.
 * @param scale branches; as many as there are clients or more, else they wait for each other's branch
 */
export async function fillTpcb(ownerUrl: string, scale: number): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    await client.query(`
      CREATE TABLE pgbench_branches (bid int NOT NULL, bbalance int, filler char(88)) WITH (fillfactor = 100);
      CREATE TABLE pgbench_tellers (tid int NOT NULL, bid int, tbalance int, filler char(84)) WITH (fillfactor = 100);
      CREATE TABLE pgbench_accounts (aid int NOT NULL, bid int, abalance int, filler char(84)) WITH (fillfactor = 100);
      CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
      INSERT INTO pgbench_branches SELECT i, 0, '' FROM generate_series(1, ${scale}) i;
      INSERT INTO pgbench_tellers SELECT i, (i - 1) / ${TELLERS} + 1, 0, '' FROM generate_series(1, ${scale * TELLERS}) i;
      INSERT INTO pgbench_accounts SELECT i, (i - 1) / ${ACCOUNTS} + 1, 0, '' FROM generate_series(1, ${scale * ACCOUNTS}) i;
      ALTER TABLE pgbench_branches ADD PRIMARY KEY (bid);
      ALTER TABLE pgbench_tellers ADD PRIMARY KEY (tid);
      ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid);
      GRANT ALL ON pgbench_branches, pgbench_tellers, pgbench_accounts, pgbench_history TO ${APP_ROLE}`)
    await client.query('VACUUM ANALYZE')
  } finally {
    await client.end()
  }
}

/** What pgbench does before each of its runs: without it the rows of branches and tellers grow long chains. */
export async function tidyTpcb(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    await client.query('VACUUM pgbench_branches')
    await client.query('VACUUM pgbench_tellers')
    await client.query('TRUNCATE pgbench_history')
  } finally {
    await client.end()
  }
}

/** One transaction of pgbench's `tpcb-like` script, statement by statement, as prepared statements. */
export async function runTpcb(client: pg.PoolClient, scale: number): Promise<void> {
  const aid = randomInt(1, scale * ACCOUNTS + 1)
  const bid = randomInt(1, scale + 1)
  const tid = randomInt(1, scale * TELLERS + 1)
  const delta = randomInt(-5_000, 5_001)
  await client.query(BEGIN)
  await client.query({ ...UPDATE_ACCOUNT, values: [delta, aid] })
  await client.query({ ...SELECT_ACCOUNT, values: [aid] })
  await client.query({ ...UPDATE_TELLER, values: [delta, tid] })
  await client.query({ ...UPDATE_BRANCH, values: [delta, bid] })
  await client.query({ ...INSERT_HISTORY, values: [tid, bid, aid, delta] })
  await client.query(END)
}

const BEGIN = { name: 'tpcb-begin', text: 'BEGIN' }
const UPDATE_ACCOUNT = {
  name: 'tpcb-account',
  text: 'UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2',
}
const SELECT_ACCOUNT = { name: 'tpcb-balance', text: 'SELECT abalance FROM pgbench_accounts WHERE aid = $1' }
const UPDATE_TELLER = {
  name: 'tpcb-teller',
  text: 'UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2',
}
const UPDATE_BRANCH = {
  name: 'tpcb-branch',
  text: 'UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2',
}
const INSERT_HISTORY = {
  name: 'tpcb-history',
  text: 'INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)',
}
const END = { name: 'tpcb-end', text: 'END' }

/** The pgbench of this machine: in PATH, else of Debian's newest PostgreSQL; null when there is none. */
export function findPgbench(): string | null {
  const inPath = findInPath('pgbench')
  if (inPath) return inPath
  const versions = [18, 17, 16, 15].map((version) =>
    path.join('/usr/lib/postgresql', String(version), 'bin', 'pgbench'),
  )
  return versions.find((file) => existsSync(file)) ?? null
}

/** Lets pgbench run its own script on the tables that `fillTpcb` made. @returns transactions per second */
export async function runPgbench(
  binary: string,
  { url, clients, seconds }: { url: string; clients: number; seconds: number },
): Promise<number> {
  const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), url]
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const tps = /tps = ([\d.]+)/.exec(output)?.[1]
  if (code !== 0 || !tps) throw new Error(`pgbench failed (${code})\n${output}`)
  return Number(tps)
}
