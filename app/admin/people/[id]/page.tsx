import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Card } from '#app/_ui/card.tsx'
import { CapBars } from '#app/_ui/statement/cap-bars.tsx'
import { readFilter } from '#app/_ui/statement/filter.ts'
import { Statement } from '#app/_ui/statement/statement.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { Fact, Facts, Id } from '#app/admin/_parts/facts.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { AccountActions } from '#app/admin/people/_person/account-actions.tsx'
import { CreditDialog } from '#app/admin/people/_person/credit-dialog.tsx'
import { LinkDialog } from '#app/admin/people/_person/link-dialog.tsx'
import { loadPerson } from '#app/admin/people/_person/load-person.ts'
import { PersonHead } from '#app/admin/people/_person/person-head.tsx'
import { RecentAudit } from '#app/admin/people/_person/recent-audit.tsx'
import { RecentOrders } from '#app/admin/people/_person/recent-orders.tsx'
import { Sessions } from '#app/admin/people/_person/sessions.tsx'
import { Totals } from '#app/admin/people/_person/totals.tsx'
import { Wallet } from '#app/admin/people/_person/wallet.tsx'
import { listAuditEntries } from '#lib/audit-log.ts'
import { listSessions } from '#lib/auth/index.ts'
import { listOwnCaps, listStatement } from '#lib/inference/index.ts'
import { formatCredits } from '#lib/money.ts'
import { listAdjustments, listOrdersForAdmin } from '#lib/payments/index.ts'
import { getPersonTotals } from '#lib/reports/index.ts'
import { getSetting } from '#lib/settings/index.ts'
import { dateIn } from '#lib/time-zone.ts'

type PageProps = { params: Promise<{ id: string }> }

const LINES = 8
const ORDERS = 5
const ENTRIES = 8

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  return { title: (await loadPerson((await params).id)).person.name }
}

export default async function PersonPage({ params }: PageProps) {
  await requirePageAdmin()
  const { ctx, person } = await loadPerson((await params).id)
  const { id: userId, name, wallet } = person
  const isSelf = ctx.actor.userId === userId
  const path = `/admin/people/${userId}`
  const timeZone = await getTimeZone()
  const [t, locale, waiting, statement, sessions, caps, orders, audit, totals, approvalAbove] = await Promise.all([
    getTranslations('adminPeople'),
    getLocale(),
    listAdjustments(ctx, { walletId: wallet.id, state: 'waiting' }),
    listStatement(ctx, { userId, timeZone, limit: LINES }),
    listSessions(ctx, { userId }),
    listOwnCaps(ctx, { userId }),
    listOrdersForAdmin(ctx, { userId, limit: ORDERS }),
    listAuditEntries(ctx, { subjectType: 'user', subject: userId, limit: ENTRIES }),
    getPersonTotals(ctx, { userId }),
    getSetting(ctx, 'adjustment_approval_above_micros'),
  ])
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const credits = {
    userId,
    name,
    availableMicros: wallet.availableMicros,
    approvalAboveMicros: approvalAbove === null ? null : BigInt(approvalAbove),
  }
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PersonHead person={person} isSelf={isSelf} />
      <div className="mt-6">
        <Totals totals={totals} />
      </div>
      <div className="mt-4 grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="grid min-w-0 grid-cols-1 gap-4">
          <Wallet person={person} waiting={waiting.items.length} timeZone={timeZone}>
            <CreditDialog way="give" {...credits} />
            <CreditDialog way="deduct" {...credits} />
          </Wallet>
          <Card title={<span id="statement-title">{t('statement.title')}</span>} hint={t('statement.closed')}>
            <Statement
              path={`${path}/statement`}
              page={{ ...statement, nextBefore: null }}
              filter={readFilter({})}
              isLater={false}
              isNarrowed={false}
              empty={t('statement.empty')}
              timeZone={timeZone}
              today={dateIn(timeZone, new Date())}
            />
            <Ways>
              {statement.lines.length > 0 && <TextLink href={`${path}/statement`}>{t('statement.all')}</TextLink>}
              <TextLink href={`/admin/calls?user=${userId}`}>{t('calls')}</TextLink>
            </Ways>
          </Card>
          <Card title={t('orders.title')}>
            <RecentOrders orders={orders.items} timeZone={timeZone} />
            {orders.items.length > 0 && (
              <Ways>
                <TextLink href={`/admin/orders?user=${userId}`}>{t('orders.all')}</TextLink>
              </Ways>
            )}
          </Card>
          <Card title={t('audit.title')}>
            <RecentAudit entries={audit.items} timeZone={timeZone} />
            <Ways>
              <TextLink href={`/admin/audit?subject=${userId}`}>{t('audit.all')}</TextLink>
            </Ways>
          </Card>
        </div>
        <div className="grid min-w-0 grid-cols-1 gap-4">
          <Card title={t('facts.title')}>
            <Facts>
              <Fact label={t('facts.joined')}>{day.format(person.createdAt)}</Fact>
              <Fact label={t('facts.seen')}>{person.lastSeenAt ? when.format(person.lastSeenAt) : t('never')}</Fact>
              <Fact label={t('facts.password')}>
                {person.passwordChangedAt ? day.format(person.passwordChangedAt) : t('facts.noPassword')}
              </Fact>
              <Fact label={t('facts.link')}>{person.linkExpiresAt && when.format(person.linkExpiresAt)}</Fact>
              <Fact label={t('facts.id')}>
                <Id>{userId}</Id>
              </Fact>
            </Facts>
            {person.status === 'active' && (
              <div className="mt-4 border-line border-t pt-4">
                <LinkDialog userId={userId} hasPassword={person.passwordChangedAt !== null} />
              </div>
            )}
          </Card>
          <Card title={t('sessions.title')}>
            <Sessions userId={userId} name={name} isSelf={isSelf} sessions={sessions} />
          </Card>
          <Card title={t('caps.title')} hint={t('caps.hint')}>
            {caps.length > 0 ? (
              <div className="-mb-6">
                <CapBars caps={caps} timeZone={timeZone} stacked />
              </div>
            ) : (
              <p className="text-muted text-sm">{t('caps.none')}</p>
            )}
          </Card>
          <Card title={t('account')}>
            {isSelf ? (
              <p className="text-muted text-sm">{t('ownAccount')}</p>
            ) : (
              <AccountActions
                userId={userId}
                name={name}
                email={person.email}
                role={person.role}
                status={person.status}
                left={wallet.postedMicros > 0n ? formatCredits(wallet.postedMicros, locale) : null}
              />
            )}
          </Card>
        </div>
      </div>
    </>
  )
}

function Ways({ children }: { children: ReactNode }) {
  return <p className="mt-3 flex flex-wrap gap-x-4 text-sm">{children}</p>
}
